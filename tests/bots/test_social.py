"""The client of the social service: what it makes of every answer."""

import socket

import pytest

from bots import social
from bots.crash_switch import read_crash_switch, set_crash_switch

pytestmark = pytest.mark.django_db(databases=["default", "fake_services"])


def test_post_is_published_and_shown(social_service: str):
    post_id = social.publish("Riker", "Shields up!", {"run_id": "1", "idempotency_key": "1-riker"})

    [post] = social.newest_posts(5.0)

    assert (post["post_id"], post["author"], post["text"]) == (post_id, "Riker", "Shields up!")


@pytest.mark.parametrize(
    "switches", [{"throttle": True}, {"crash": True}, {"crash": True, "when": "after"}], ids=str
)
def test_service_in_trouble_is_worth_another_try(social_service: str, switches: dict):
    social.switch_behavior(switches)

    with pytest.raises(social.SocialTrouble, match=r"answered (429|50[34]) to POST"):
        social.publish("Riker", "Shields up!", {})


def test_service_that_is_out_of_reach_is_worth_another_try():
    with pytest.raises(social.SocialTrouble) as raised:
        social.publish("Riker", "Shields up!", {})

    sentence = "The social service did not answer POST /posts: there was no connection."
    assert str(raised.value) == sentence


def test_service_that_hangs_took_too_long(settings):
    with socket.create_server(("127.0.0.1", 0)) as never_answers:
        settings.SOCIAL_API_URL = f"http://127.0.0.1:{never_answers.getsockname()[1]}"

        with pytest.raises(social.SocialTrouble, match="GET /posts: it took too long"):
            social.newest_posts(0.05)


def test_wrong_request_is_not(social_service: str):
    with pytest.raises(social.SocialRefusal, match=r"answered 422 to POST .*text required"):
        social.publish("Riker", "", {})


def test_answer_that_is_no_json_is_trouble(live_server, settings):
    settings.SOCIAL_API_URL = f"{live_server.url}/fake/?"

    with pytest.raises(social.SocialTrouble, match="the request ended with JSONDecodeError"):
        social.newest_posts(5.0)


def test_switch_makes_worf_alone_crash(social_service: str):
    set_crash_switch(is_on=True)

    switch = read_crash_switch(5.0)

    assert switch is not None
    assert switch.is_on
    assert (switch.posts_url, switch.behavior_url) == (
        "/fake/social/ui",
        "/fake/behaviors/social/edit",
    )
    social.publish("Riker", "Shields up!", {})
    with pytest.raises(social.SocialTrouble):
        social.publish("Worf", "I protest.", {})


def test_switch_goes_off_again(social_service: str):
    set_crash_switch(is_on=True)

    set_crash_switch(is_on=False)

    assert read_crash_switch(5.0).is_on is False
    social.publish("Worf", "I protest.", {})


def test_crash_of_everybody_is_not_the_switch(social_service: str):
    social.switch_behavior({"crash": True})

    assert read_crash_switch(5.0).is_on is False


def test_no_switch_without_an_answer():
    assert read_crash_switch(5.0) is None


def test_no_switch_where_the_service_is_no_fake(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(social, "status", lambda _timeout: {"version": 7})

    assert read_crash_switch(5.0) is None
