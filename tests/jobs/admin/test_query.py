"""The search field: what it understands, and who may search by what."""

import pytest

from jobs import inspect
from jobs.admin.query import QueryError, read_query, write_query
from tests.jobs.admin.conftest import text
from tests.jobs.inspect.filling import failure, put


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("", {}),
        ("class:orders.CompleteOrderJob", {"job_class": "orders.CompleteOrderJob"}),
        (
            "queue:high  error:timeout id:01a2",
            {"queue": "high", "error": "timeout", "job_id": "01a2"},
        ),
        ('error:"read timed out" 17', {"error": "read timed out", "text": "17"}),
        ("arg:17 arg:ada bob", {"text": "17 ada bob"}),
        ('"a:b" 12:30 https://x.de/a', {"text": "a:b 12:30 https://x.de/a"}),
        ('error:"no end', {"error": "no end"}),
        ("error:a:b", {"error": "a:b"}),
    ],
)
def test_what_the_field_understands(query, fields):
    assert read_query(query) == fields


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("clas:Order", "There is no clas: to search by"),
        ("class:a class:b", "class:b: it can be asked for once"),
        ("class: Order", "Write behind class: what to look for"),
    ],
)
def test_what_it_does_not_understand_it_says(query, told):
    with pytest.raises(QueryError, match=told):
        read_query(query)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"job_class": "a.B", "queue": "high", "error": "a b", "job_id": "0", "text": "x y"},
        {"text": "a:b 12:30"},
        {"error": "a:b"},
    ],
)
def test_what_is_written_is_read_again(fields):
    assert read_query(write_query(fields)) == fields


@pytest.mark.parametrize("fields", [{"error": 'say "a b"'}, {"queue": '"'}, {"text": '"x'}])
def test_what_cannot_be_written_is_not(fields):
    assert write_query(fields) is None


def page(client, **query):
    return client.get("/admin/jobs/dead/", query).context["page"]


@pytest.fixture
def dead(store):
    """Put two jobs, and return the id of the first."""
    put(store, "dead", "low", job_class="b.Other", args=["hay"], errors=[failure("E", "no")])
    return put(
        store, "dead", "high", args=["needle"], errors=[failure("E", "read timed out")], failures=2
    )


@pytest.mark.parametrize(
    "query", ["class:tests.AnyJob", "queue:high", 'error:"timed out"', "arg:needle", "needle"]
)
def test_each_name_finds_its_job(boss, dead, query):
    assert [row.job.id for row in page(boss, q=query).rows] == [dead]


def test_an_id_is_found_by_its_beginning(boss, dead):
    found = page(boss, q=f"id:{dead[:-1]}")

    assert dead in [row.job.id for row in found.rows]
    assert page(boss, q="id:zz").rows == ()


def test_a_link_fills_the_field(boss, dead):
    shown = page(boss, queue="high", error="timed out")

    assert shown.form.query == 'queue:high error:"timed out"'
    assert shown.form.beside_query == {}


def test_what_the_field_cannot_hold_goes_beside_it(boss, dead):
    shown = page(boss, error='"x y"', error_class="E")

    assert shown.form.beside_query == {"error_class": "E", "error": '"x y"'}


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"q": "clas:Order"}, "There is no clas: to search by"),
        ({"q": "queue:high", "queue": "low"}, "the address asks for something else too"),
        ({"q": "a b c d e f g h i"}, "At most 8 different words"),
        ({"q": "x" * 201}, "at most 200 characters"),
        ({"q": "x" * 801}, "at most 800 characters"),
    ],
)
def test_a_search_that_cannot_be_understood_shows_nothing_and_changes_nothing(
    boss, dead, query, told
):
    response = boss.get("/admin/jobs/dead/", query)

    assert told in text(response)
    assert response.context["page"].rows == ()
    address = response.request["PATH_INFO"] + "act/?" + response.request["QUERY_STRING"]
    data = {"verb": "retry", "scope": "all", "confirmed": "yes"}
    assert boss.post(address, data).status_code == 404
    assert inspect.find(dead).place == "dead"


@pytest.mark.parametrize("query", ["needle", "arg:needle", "error:timed", 'x "y'])
def test_words_are_not_for_those_who_may_not_see_them(log_in, dead, query):
    client = log_in("view_jobs", "retry_job")
    data = {"verb": "retry", "scope": "all", "confirmed": "yes"}

    assert client.get("/admin/jobs/dead/", {"q": query}).status_code == 403
    assert client.post(f"/admin/jobs/dead/act/?q={query}", data).status_code == 403
    assert inspect.find(dead).place == "dead"


def test_they_may_search_by_class_queue_and_id(log_in, dead):
    client = log_in("view_jobs")

    found = page(client, q=f"class:tests.AnyJob queue:high id:{dead}")

    assert [row.job.id for row in found.rows] == [dead]
    shown = text(client.get("/admin/jobs/dead/"))
    assert "<code>arg:</code>" not in shown
    assert "<code>error:</code>" not in shown


def test_an_action_on_all_that_match_heeds_the_field(store, boss, dead):
    data = {"verb": "retry", "scope": "all", "confirmed": "yes"}

    boss.post("/admin/jobs/dead/act/?q=queue:high", data)

    assert inspect.find(dead).place == "ready"
    assert inspect.job_set("dead").total == 1


# Honest words


def test_attempts_stand_in_the_list(boss, dead):
    assert "2 of 26" in text(boss.get("/admin/jobs/dead/"))


def test_a_search_says_how_many_it_found(boss, dead):
    assert "1 found" in text(boss.get("/admin/jobs/dead/", {"q": "needle"}))
    assert "2 jobs" in text(boss.get("/admin/jobs/dead/"))


def test_a_confirmation_names_the_number_and_the_first_five(store, boss):
    ids = [put(store, "dead", args=["needle"], at=1_764_000_000 - n) for n in range(7)]
    data = {"verb": "delete", "scope": "all"}

    asked = boss.post("/admin/jobs/dead/act/?q=needle", data)

    assert asked.context["page"].count == 7
    assert [job.id for job in asked.context["page"].first] == ids[:5]
    assert "7 jobs" in text(asked)
    assert ids[4] in text(asked)


def test_a_confirmation_that_cannot_know_says_at_least(store, boss):
    for _ in range(51):
        put(store, "dead", args=["needle"])

    asked = boss.post("/admin/jobs/dead/act/?q=needle", {"verb": "retry", "scope": "all"})

    assert "at least 50 jobs, and all others that match" in text(asked)


# Facets


def test_facets_narrow_a_list_down_and_widen_it_again(boss, dead):
    shown = page(boss, until="2031-01-01T00:00")
    links = {link.value: link for facet in shown.facets for link in facet.links}

    counts = {value: link.count for value, link in links.items()}
    assert counts == {"tests.AnyJob": 1, "b.Other": 1, "high": 1, "low": 1}
    narrow = boss.get(f"/admin/jobs/dead/{links['high'].url}").context["page"]
    assert [row.job.id for row in narrow.rows] == [dead]
    [queues] = [facet for facet in narrow.facets if facet.links[0].is_chosen]
    wide = boss.get(f"/admin/jobs/dead/{queues.links[0].url}").context["page"]
    assert (len(wide.rows), wide.form["until"].value()) == (2, "2031-01-01T00:00")


def test_the_facets_of_a_queue_are_its_own_where_the_search_is_not_understood(store, boss):
    put(store, "ready", "high")
    put(store, "ready", "low")

    shown = boss.get("/admin/jobs/queues/high/?q=nonsense:1").context["page"]

    assert shown.counted.queues == (("high", 1),)


def test_facets_are_for_those_too_who_may_not_see_words(store, log_in, dead):
    put(store, "dead", errors=[failure("Other", "secret words")])
    client = log_in("view_jobs")
    shown = page(client)
    [errors] = [facet for facet in shown.facets if facet.links[0].value == "E"]

    narrow = client.get(f"/admin/jobs/dead/{errors.links[1].url}")

    assert len(narrow.context["page"].rows) == 1
    assert "secret words" not in text(narrow)


def test_queue_that_no_address_can_name_is_no_facet(store, boss, dead):
    odd, kept = store.keys("odd\udcff"), store.keys("low")
    for job_id, raw in store.client.hgetall(kept.payloads).items():
        store.client.hset(odd.payloads, job_id + b"2", raw)
        store.client.zadd(odd.dead, {job_id + b"2": 1})
    store.client.sadd(store.shared.queues, b"odd\xff")

    shown = page(boss)

    assert len(shown.rows) == 3
    assert {link.value for facet in shown.facets for link in facet.links} >= {"high", "low"}
    assert "odd\udcff" not in {link.value for facet in shown.facets for link in facet.links}
