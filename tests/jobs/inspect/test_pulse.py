"""The pulse: what all queues did lately, and how long their jobs waited."""

from importlib import import_module

import pytest

from jobs import control, inspect
from jobs.store.metrics import ALL_RUNS, ALL_WAITS, Measure, MetricStore
from jobs.store.reader import Reader
from jobs.store.sight import Sight

pulses = import_module("jobs.inspect.pulse")  # its name is that of a function too


def measure(seconds=0.2, *, runs=1, failures=0):
    found = Measure()
    found.add_many([seconds] * runs, failures=failures)
    return found


@pytest.fixture
def add(store):
    """Return a function that measures something so many seconds ago."""

    def add(name, ago=0.0, **fields):
        MetricStore(store).add([(name, store.now() - ago, measure(**fields))])

    return add


@pytest.mark.parametrize(
    ("span", "beats", "seconds"), [("1h", 60, 60), ("8h", 48, 600), ("3d", 72, 3600)]
)
def test_a_span_has_its_beats_and_ends_with_this_one(add, span, beats, seconds):
    add(ALL_RUNS, runs=3, failures=1)

    found = inspect.pulse(span)

    assert (len(found.beats), found.beat_seconds) == (beats, seconds)
    assert [(beat.runs, beat.failures) for beat in found.beats if beat.runs] == [(3, 1)]
    assert found.beats[-1].runs + found.beats[-2].runs == 3
    assert (found.beats[1].at - found.beats[0].at).total_seconds() == seconds


def test_ten_minutes_are_added_up_to_the_hours_of_the_clock(add, store):
    now = store.now()
    into_hour = now % 3600
    add(ALL_RUNS, ago=into_hour + 10, runs=1)
    add(ALL_RUNS, ago=into_hour + 3590, runs=10)
    add(ALL_RUNS, ago=into_hour + 3610, runs=100)

    beats = inspect.pulse("3d").beats

    hours = {beat.at.timestamp(): beat.runs for beat in beats if beat.runs}
    this_hour = now - into_hour
    assert hours == pytest.approx({this_hour - 3600: 11, this_hour - 7200: 100})


def test_beats_tell_how_long_jobs_waited(add):
    add(ALL_WAITS, seconds=0.5, runs=99)
    add(ALL_WAITS, seconds=50, runs=1)

    waits = [beat.waits for beat in inspect.pulse("1h").beats if beat.waits.runs]

    assert sum(each.runs for each in waits) == 100
    assert 0.4 < waits[0].p50 <= 0.63


def test_classes_that_ran_most_have_a_line_and_others_are_counted(add, monkeypatch):
    monkeypatch.setattr(pulses, "MOST_LINES", 2)
    for name, runs in (("a.Rare", 1), ("a.Often", 9), ("a.Sometimes", 5)):
        add(f"job:{name}", runs=runs)

    found = inspect.pulse("1h")

    assert [(line.name, sum(line.runs)) for line in found.classes] == [
        ("a.Often", 9),
        ("a.Sometimes", 5),
    ]
    assert found.other_classes == 1
    assert len(found.classes[0].runs) == 60


def test_deploys_within_the_span_are_told(store):
    control.mark_deploy("v1")

    assert [deploy.label for deploy in inspect.pulse("8h").deploys] == ["v1"]


def test_pace_is_that_of_the_last_five_full_minutes(add, store):
    add(ALL_RUNS, ago=store.now() % 60 + 30, runs=300, failures=30)
    add(ALL_RUNS, ago=store.now() % 60 + 600, runs=9_999)

    pace = inspect.pace()

    assert (pace.runs, pace.failures, pace.per_second, pace.failing) == (300, 30, 1.0, 10.0)


def test_pace_of_a_first_minute_is_that_of_its_part(add):
    add(ALL_RUNS, runs=4)

    pace = inspect.pace()

    assert pace.runs == 4
    assert pace.per_second > 0
    assert pace.failing == 0.0


def test_nothing_that_ran_has_no_share_of_failures(store):
    assert inspect.pace() == pulses.Pace(0, 0, 0.0)
    assert inspect.pace().failing is None


def test_whoever_sees_some_queues_sees_their_runs_only(add, store):
    for queue in ("high", "low"):
        store.intake.announce_queues([queue])
        add(f"queue:{queue}", runs=len(queue), failures=1)
        add(f"wait:{queue}", runs=len(queue))
    add(ALL_RUNS, runs=7)
    reader = Reader(store, Sight(lambda queue: queue == "low", sees_arguments=False))

    found = inspect.pulse("1h", reader)

    assert sum(beat.runs for beat in found.beats) == 3
    assert sum(beat.waits.runs for beat in found.beats) == 3
    assert not found.is_partial
    assert (inspect.pace(reader).runs, inspect.pace(reader).failures) == (3, 1)


def test_whoever_sees_as_many_queues_as_are_added_up_is_told_of_nothing(add, store, monkeypatch):
    monkeypatch.setattr(pulses, "MOST_QUEUES", 2)
    for queue in ("q1", "q2"):
        store.intake.announce_queues([queue])
        add(f"queue:{queue}")
    reader = Reader(store, Sight(lambda queue: queue.startswith("q"), sees_arguments=False))

    found = inspect.pulse("1h", reader)

    assert not found.is_partial
    assert sum(beat.runs for beat in found.beats) == 2


def test_whoever_sees_many_queues_is_told_that_not_all_were_added_up(add, store, monkeypatch):
    monkeypatch.setattr(pulses, "MOST_QUEUES", 2)
    for queue in ("q1", "q2", "q3"):
        store.intake.announce_queues([queue])
        add(f"queue:{queue}")
    reader = Reader(store, Sight(lambda queue: queue.startswith("q"), sees_arguments=False))

    found = inspect.pulse("1h", reader)

    assert found.is_partial
    assert sum(beat.runs for beat in found.beats) == 2


def test_whoever_sees_no_queue_sees_no_run(add, store):
    add(ALL_RUNS, runs=7)
    reader = Reader(store, Sight(lambda queue: False, sees_arguments=False))

    found = inspect.pulse("1h", reader)

    assert sum(beat.runs for beat in found.beats) == 0
    assert len(found.beats) == 60
    assert inspect.pace(reader) == pulses.Pace(0, 0, 0.0)


def test_numbers_that_nothing_has_measured_are_noted(add, store):
    add("job:a.Job", runs=2)
    for key in store.client.scan_iter("jobs:metrics:1:*:job:a.Job"):
        store.client.bitfield(key).incrby("u32", 32, 5).execute()

    reader = Reader(store)
    inspect.pulse("1h", reader)

    assert [problem.kind for problem in reader.problems] == ["unreadable"]
