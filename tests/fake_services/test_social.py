"""Tests of the social service.

Publishing, showing, and misbehavior that is kept to one author.
"""

import pytest
from django.test import Client

from fake_services.models import Behavior, Post
from tests.fake_services.caller import Answer, Caller
from tests.fake_services.sample_requests import PUBLISH

pytestmark = pytest.mark.django_db(databases=["fake_services"])


def publish(call: Caller, author: str = "Riker", key: object = None) -> Answer:
    return call(
        "POST",
        "social/posts",
        {"author": author, "text": "Engage", "metadata": {"idempotency_key": key}},
    )


def test_post_is_published(call: Caller) -> None:
    answer = call.sample(PUBLISH)

    assert answer.status_code == 201
    assert answer.json() == {"post_id": Post.objects.get().external_id}
    assert answer.json()["post_id"].startswith("po_")


def test_post_with_a_known_key_is_the_first_post(call: Caller) -> None:
    first = publish(call, key="run-1-riker")

    second = call(
        "POST", "social/posts", {"author": "", "metadata": {"idempotency_key": "run-1-riker"}}
    )

    assert (second.status_code, second.json()) == (201, first.json())
    assert Post.objects.count() == 1


def test_post_without_a_key_is_published_again(call: Caller) -> None:
    ids = {publish(call).json()["post_id"] for _ in range(2)}

    assert len(ids) == 2


@pytest.mark.parametrize("missing", ["author", "text"])
@pytest.mark.parametrize("value", [None, "", " "])
def test_post_without_a_required_value_is_refused(
    call: Caller, missing: str, value: str | None
) -> None:
    answer = call("POST", "social/posts", {**PUBLISH.body, missing: value})

    assert answer.status_code == 422
    assert answer.json() == {"error": f"{missing} required"}
    assert not Post.objects.exists()


def test_posts_are_shown_newest_first_with_their_ids(call: Caller) -> None:
    older, newer = (call.sample(PUBLISH).json()["post_id"] for _ in range(2))

    shown = call("GET", "social/posts").json()

    assert shown == [{**PUBLISH.body, "post_id": newer}, {**PUBLISH.body, "post_id": older}]


@pytest.mark.parametrize(
    ("author", "count"), [("Worf", 1), ("worf", 0), ("Wor", 0), ("", 0), ("%22", 0)]
)
def test_posts_of_exactly_one_author_are_shown(call: Caller, author: str, count: int) -> None:
    publish(call, "Riker")
    publish(call, "Worf")

    shown = call("GET", f"social/posts?author={author}").json()

    assert [post["author"] for post in shown] == ["Worf"] * count


def test_long_list_shows_the_newest(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fake_services.services.social.POSTS_PER_ANSWER", 2)
    for author in ("Picard", "Riker", "Worf"):
        publish(call, author)

    assert [post["author"] for post in call("GET", "social/posts").json()] == ["Worf", "Riker"]


def test_all_posts_are_forgotten(call: Caller) -> None:
    call.sample(PUBLISH)

    assert call("DELETE", "social/posts").status_code == 200
    assert not Post.objects.exists()


def test_one_author_is_in_trouble_while_the_others_are_not(call: Caller) -> None:
    call("PUT", "social/behavior", {"crash": True, "only_author": "Worf"})

    assert publish(call, "Worf").status_code in {503, 504}
    assert publish(call, "Riker").status_code == 201
    assert call("GET", "social/posts?author=Worf").status_code in {503, 504}
    assert call("GET", "social/posts").status_code == 200


def test_other_authors_are_not_counted(call: Caller) -> None:
    call(
        "PUT", "social/behavior", {"throttle": True, "only_author": "Worf", "remaining_requests": 1}
    )

    statuses = [publish(call, author).status_code for author in ("Riker", "Worf", "Worf")]

    assert statuses == [201, 429, 201]


def test_status_names_the_author_in_trouble(call: Caller) -> None:
    assert "only_author" not in call("GET", "social/status").json()

    answer = call("PUT", "social/behavior", {"crash": True, "only_author": "Worf"})

    assert answer.status_code == 200
    assert answer.json()["only_author"] == "Worf"
    assert call("GET", "social/status").json() == answer.json()


def test_switches_that_are_not_named_go_back_to_their_defaults(call: Caller) -> None:
    call("PUT", "email/behavior", {"crash": True, "when": "before", "sleep_seconds": 5})

    switches = call("PUT", "email/behavior").json()

    assert (switches["crash"], switches["when"], switches["what"], switches["sleep_seconds"]) == (
        False,
        "after",
        "writes",
        0,
    )


@pytest.mark.parametrize(
    "wrong", [{"sleep_seconds": -1}, {"remaining_requests": 0}, {"when": "x"}], ids=str
)
def test_wrong_switch_is_named_and_nothing_is_stored(call: Caller, wrong: dict) -> None:
    answer = call("PUT", "social/behavior", {"crash": True, **wrong})

    assert answer.status_code == 422
    assert list(answer.json()["error"]) == list(wrong)
    assert not Behavior.objects.exists()


def test_service_without_authors_knows_no_author(call: Caller) -> None:
    switches = call("PUT", "payments/behavior", {"crash": True, "only_author": "Worf"}).json()

    assert "only_author" not in switches


def test_switches_work_however_badly_the_service_behaves(call: Caller) -> None:
    call("PUT", "social/behavior", {"throttle": True, "crash": True})

    answer = call("PUT", "social/behavior", {})

    assert answer.status_code == 200
    assert call.sample(PUBLISH).status_code == 201


def test_page_offers_an_author_only_where_there_are_authors(client: Client) -> None:
    pages = {
        slug: client.get(f"/fake/behaviors/{slug}/edit").content for slug in ("social", "email")
    }

    assert b"Only requests of this author" in pages["social"]
    assert b"Only requests of this author" not in pages["email"]
