"""The search over everything, and the field that leads there from each page."""

import pytest

from jobs.admin.pages import search
from tests.jobs.admin.conftest import text
from tests.jobs.inspect.filling import put

URL = "/admin/jobs/search/"


def asked(client, words):
    return client.get(URL, {"q": words})


def places(response):
    return [place.hits.place for place in response.context["page"].places]


@pytest.mark.parametrize("words", ["17", "class:tests.AnyJob", "shop.Charge order-5", "0123"])
def test_what_is_no_id_is_searched_for(boss, full, words):
    response = boss.get("/admin/jobs/find/", {"id": f" {words} "}, follow=True)

    assert response.redirect_chain[0][0].startswith(f"{URL}?q=")
    assert response.context["page"].form.query == words


@pytest.mark.parametrize("job_id", ["", "0" * 32])
def test_id_that_is_none_is_no_search(boss, job_id):
    assert boss.get("/admin/jobs/find/", {"id": job_id}).status_code == 404


def test_all_places_are_shown_with_the_way_to_all_of_each(boss, store):
    dead, ready = put(store, "dead", args=[17]), put(store, "ready", args=[17])

    response = asked(boss, "17")
    page = text(response)

    assert places(response) == ["dead", "ready"]
    assert f'href="/admin/jobs/job/{dead}/"' in page
    assert f'href="/admin/jobs/job/{ready}/"' in page
    assert 'href="/admin/jobs/dead/?q=17"' in page


def test_more_than_is_shown_is_told(boss, store, monkeypatch):
    monkeypatch.setattr(search, "MOST_SHOWN", 2)
    for _ in range(3):
        put(store, "dead", args=[17])

    page = text(asked(boss, "17"))

    assert "There may be more: 2 of 3 jobs were searched." in page


def test_nothing_found_and_nothing_asked_are_told_apart(boss, full):
    assert "No job matches." in text(asked(boss, "nosuchword"))
    empty = asked(boss, "")
    assert "Enter what to look for" in text(empty)
    assert places(empty) == []


def test_search_that_cannot_be_understood_says_why(boss, full):
    response = asked(boss, "colour:red")

    assert "There is no colour: to search by." in text(response)
    assert places(response) == []


# Walls


@pytest.mark.parametrize("words", ["hunter2", "arg:hunter2", "error:declined"])
def test_words_are_for_those_who_may_see_arguments(log_in, full, words):
    viewer = log_in("view_jobs")

    assert asked(viewer, words).status_code == 403
    assert viewer.get("/admin/jobs/find/", {"id": words}, follow=True).status_code in {403, 404}


def test_without_sight_of_arguments_a_class_can_be_searched_for(log_in, full):
    response = asked(log_in("view_jobs"), "class:tests.AnyJob")

    assert "dead" in places(response)
    assert "hunter2" not in text(response)
    assert "declined" not in text(response)


def test_secrets_are_neither_found_nor_shown(boss, full):
    assert places(asked(boss, "hunter2")) == []
    response = asked(boss, "class:tests.AnyJob")
    assert "dead" in places(response)
    assert "hunter2" not in text(response)


def test_only_queues_that_may_be_seen_are_searched(boss, store, settings):
    settings.JOBS = {"QUEUE_ACCESS": "tests.jobs.admin.test_search.sees_default"}
    put(store, "dead", "secret", args=[17])
    mine = put(store, "dead", "default", args=[17])

    [place] = asked(boss, "17").context["page"].places

    assert [row.job.id for row in place.rows] == [mine]


def sees_default(user, queue):
    return queue == "default"


def test_visitor_without_permission_does_not_search(log_in, full):
    assert asked(log_in(), "class:tests.AnyJob").status_code in {302, 403}


def test_job_whose_id_no_page_can_have_is_shown_among_what_was_found(boss, store):
    put(store, "dead", id="shop/17")

    response = boss.get("/admin/jobs/find/", {"id": "shop/17"}, follow=True)

    assert [place.title for place in response.context["page"].places] == ["Dead"]
    assert "shop/17" in text(response)
