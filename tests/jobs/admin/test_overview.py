"""The overview: judgement, numbers of now, charts, table of queues."""

import re
import time

import pytest

from jobs import control
from jobs.admin import queue_table
from jobs.store.metrics import ALL_RUNS, ALL_WAITS, MINUTES, Measure, MetricStore
from tests.conftest import server_of_tests
from tests.jobs.admin.conftest import text
from tests.jobs.inspect.filling import beat, fetch, push


def get(client, **data):
    return text(client.get("/admin/jobs/", data))


def shown(client, **data):
    return client.get("/admin/jobs/", data).context["page"]


def tiles(client):
    page = shown(client)
    return {tile.title: tile for tile in (*page.now, *page.sets)}


@pytest.fixture
def ran(store):
    """Return a function that measures runs of five minutes ago."""

    def ran(runs, failures=0, seconds=0.2, name=ALL_RUNS, ago=60):
        measure = Measure()
        measure.add_many([seconds] * runs, failures=failures)
        MetricStore(store).add([(name, store.now() - ago, measure)])

    return ran


# The judgement


def test_overview_tells_a_newcomer_what_to_do(boss):
    page = get(boss)

    assert "No worker takes jobs." in page
    assert "python manage.py runjobs" in page
    assert "Nothing ran in this time" in page
    assert "no worker" in page
    assert "no job waits" in page


def test_overview_warns_of_a_paused_queue_in_which_jobs_wait(store, boss, settings):
    accepted = ["redis_unlimited", "redis_persistence"]
    settings.JOBS = {**settings.JOBS, "CHECK_IGNORE": accepted}
    beat(store)
    push(store, ago=125)
    control.pause("default")

    page = get(boss)

    assert "Queue <strong>default</strong> is paused. 1 job waits in it, for 2 min" in page
    assert '<a href="/admin/jobs/queues/default/">Look</a>' in page
    assert "No problem, but a queue is paused" in page
    assert "All well" not in page
    assert tiles(boss)["Latency"].note == "only paused queues wait"
    assert tiles(boss)["Ready"].note == "1 in paused queues"


def test_overview_says_what_is_wrong_and_where_to_look(store, boss):
    beat(store)
    push(store, ago=300)

    page = get(boss)

    assert '<h2 id="jobs-verdict">3 problems</h2>' in page
    assert "Queue default is late: its oldest job has waited for 5 minutes." in page
    assert "Start more workers, or find out what keeps the workers busy." in page
    assert 'href="/admin/jobs/queues/default/"' in page
    assert 'href="#jobs-redis"' in page
    assert re.search(r"since <time [^>]+>[A-Z][a-z]+ \d+, \d{4}, [^<]*</time>, for <time", page)
    assert "No worker takes jobs" not in page


def test_overview_says_that_all_is_well(store, boss, settings):
    accepted = ["redis_unlimited", "redis_persistence"]
    settings.JOBS = {**settings.JOBS, "CHECK_IGNORE": accepted}
    beat(store)

    assert '<h2 id="jobs-verdict">All well</h2>' in get(boss)


def test_overview_names_what_cannot_be_read_among_the_problems(store, boss):
    beat(store)
    store.client.set(store.keys("default").dead, "no set")

    page = get(boss)

    assert page.count(f"<code>{store.keys('default').dead}</code>") == 1
    assert "3 problems" in page


def test_overview_names_what_only_its_chart_could_not_read(store, boss):
    beat(store)
    push(store)
    chunk, _slot = MINUTES.place(time.time())
    key = store.shared.metric(MINUTES.name, chunk, ALL_WAITS)
    store.client.sadd(key, "no string")

    assert f"<code>{key}</code>" in get(boss)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", ["3 Probleme", "Die Warteschlange default ist im Rückstand", "Ansehen", "seit "]),
        ("fr", ["3 problèmes", "La file default est en retard", "Voir", "depuis le "]),
    ],
)
def test_problems_speak_the_language_of_the_project(store, boss, settings, language, words):
    settings.LANGUAGE_CODE = language
    beat(store)
    push(store, ago=300)

    page = get(boss)

    assert [word for word in words if word not in page] == []


# Now


@pytest.mark.parametrize(
    ("ago", "note"), [(20, "on 5 threads"), (125, "on 5 threads, the longest for 2 min 5 s")]
)
def test_tile_tells_of_a_run_that_has_lasted_for_a_minute(store, boss, ago, note):
    push(store)
    [running] = fetch(store)
    beat(store, busy=1, running=f"{running} default {time.time() - ago:.3f} class=tests.AnyJob")

    assert re.sub("2 min [56] s", "2 min 5 s", tiles(boss)["Running"].note) == note


def test_overlong_run_is_told_at_the_top_and_on_its_tile(store, boss):
    push(store)
    [running] = fetch(store)
    measure = Measure()
    measure.add_many([0.2] * 50, failures=0)
    MetricStore(store).add([("job:tests.AnyJob", store.now() - 600, measure)])
    beat(store, busy=1, running=f"{running} default {time.time() - 900:.3f} class=tests.AnyJob")

    page = get(boss)

    assert "A run of tests.AnyJob has lasted for 15 minutes." in page
    assert 'href="/admin/jobs/running/?order=unusual"' in page
    assert tiles(boss)["Running"].mood == "bad"


def test_jobs_in_hand_of_a_worker_that_is_gone_are_told_as_such(store, boss):
    push(store)
    fetch(store)

    assert tiles(boss)["Running"].note == "their worker is gone"


def test_now_tells_what_runs_and_waits_and_how_fast_it_goes(store, boss, full, ran):
    ran(600, 30)

    found = tiles(boss)

    assert found["Running"].value == "1"
    assert found["Running"].note.startswith("on 5 threads, the longest for ")
    assert found["Running"].url == "/admin/jobs/running/"
    assert found["Ready"].value == "1"
    assert (found["Per second"].value, found["Failing"].value) == ("2.0", "5.0 %")
    assert found["Failing"].note == "30 of 600 runs"
    values = [found[title].value for title in ("Scheduled", "Retries", "Dead", "Done")]
    assert values == ["1", "2", "2", "1"]
    assert found["Dead"].mood == "bad"


def test_latency_names_the_queue_that_is_latest_and_leads_to_it(store, boss):
    push(store, "high", ago=20)
    push(store, "slow", ago=500)
    push(store, "paused", ago=900)
    control.pause("paused")

    latency = tiles(boss)["Latency"]

    assert latency.value.startswith("8 min")
    assert (latency.note, latency.mood) == ("in queue slow", "bad")
    assert latency.url == "/admin/jobs/queues/slow/"


def test_short_latency_is_no_alarm(store, boss):
    push(store, ago=3)

    assert tiles(boss)["Latency"].mood == ""


def test_failures_are_an_alarm_only_where_they_are_a_problem(store, boss, ran):
    ran(1000, 2)
    assert tiles(boss)["Failing"].mood == ""

    for ago in range(60, 300, 10):
        ran(100, 90, ago=ago, name="job:tests.AnyJob")

    assert tiles(boss)["Failing"].mood == "bad"


def test_what_counts_since_the_beginning_is_called_total(store, boss, full):
    totals = get(boss).partition('id="jobs-totals"')[2]

    assert "since each queue was first used" in totals
    assert "<dt>Attempts ended</dt><dd>4</dd>" in totals
    assert "<dt>With an error</dt><dd>2</dd>" in totals


def test_redis_says_what_it_is(boss):
    page = get(boss)

    assert str(server_of_tests().version) in page
    assert "append-only persistence is off" in page


# The charts


@pytest.mark.parametrize(
    ("window", "slots", "charts"),
    [("1h", 60, 3), ("8h", 48, 3), ("3d", 72, 3), ("30d", 30, 1), ("180d", 180, 1), ("x", 60, 3)],
)
def test_charts_look_back_for_some_time(boss, ran, window, slots, charts):
    ran(3)
    ran(3, name="job:tests.AnyJob")

    page = text(boss.get("/admin/jobs/", {"in": window}))

    assert page.count('class="jobs-slot"') == slots * charts
    assert ("is kept for 3 days" in page) == (charts == 1)
    assert page.count('aria-current="true"') == 1


def test_charts_sum_up_what_they_show(boss, ran):
    ran(4, 2)
    ran(2, seconds=1.3, name=ALL_WAITS)
    ran(4, name="job:tests.AnyJob")

    page = get(boss)

    assert "4 attempts ended, 2 of them with an error." in page
    assert re.search(r"Half of the jobs waited at most 1\.\d s, 95 % at most 1\.\d s\.", page)
    assert "Runs of each job class. tests.AnyJob: 4" in page


def test_what_is_not_over_yet_is_no_fall_to_nothing(boss, ran):
    for ago in (60, 0):
        ran(3, name="job:tests.AnyJob", ago=ago)
        ran(3, ago=ago)

    found = shown(boss).recent

    assert found.classes.series[0].values[-1] is None
    assert found.runs.series[0].values[-1] > 0
    assert "The pale bar is not over yet." in found.notes


def test_class_that_only_runs_now_has_its_point(boss, ran):
    ran(3, name="job:tests.AnyJob", ago=0)

    assert not shown(boss).recent.classes.is_empty


def test_days_are_counted_for_half_a_year(boss, full):
    page = text(boss.get("/admin/jobs/", {"in": "180d"}))

    assert "4 attempts ended, 2 of them with an error." in page
    assert "A day is one of UTC." in page
    assert re.search(r"Before [A-Z][a-z]+ \d+ nothing ran, or nobody counted\.", page)


def test_deploys_are_marked(boss, ran):
    ran(1)
    control.mark_deploy("v7")

    assert ">v7</text>" in get(boss)


# The queues


def test_queues_are_listed_with_what_serves_them(store, boss):
    beat(store, "h:1:a", queues="high,default", concurrency=5)
    beat(store, "h:2:b", queues="default", concurrency=10)
    beat(store, "h:3:c", queues="default", concurrency=3, quiet=1)
    push(store, "forlorn", count=2, ago=100)

    rows = {row.queue.name: row for row in shown(boss).queues.rows}

    assert (rows["high"].workers, rows["high"].threads) == (1, 5)
    assert (rows["default"].workers, rows["default"].threads) == (2, 15)
    assert (rows["forlorn"].workers, rows["forlorn"].is_late) == (0, True)
    table = get(boss).partition('id="jobs-queues"')[2]
    assert re.search(r"2 workers\s+<span class=\"jobs-quiet\">15 threads", table)
    assert table.count("no worker") == 1


def test_of_many_queues_those_in_need_come_first(store, boss, monkeypatch):
    monkeypatch.setattr(queue_table, "MOST_QUEUES", 3)
    beat(store, queues="high,default,idle,busy,late,low")
    store.intake.announce_queues(["idle", "low"])
    push(store, "busy", count=50)
    push(store, "late", ago=300)
    push(store, "paused")
    control.pause("paused")

    page = shown(boss)

    assert [row.queue.name for row in page.queues.rows] == ["paused", "late", "busy"]
    assert "3 of 7 queues, those in need first." in get(boss)


def test_whoever_sees_no_queue_is_told_that_there_is_none(log_in, store, settings):
    settings.JOBS = {**settings.JOBS, "QUEUE_ACCESS": f"{__name__}.sees_none"}
    push(store)

    assert "There is no queue yet." in get(log_in("view_jobs"))


def sees_none(user, queue):
    return False
