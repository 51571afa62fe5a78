"""The option `schedule`: what suits a job class, and which entries follow from it."""

from datetime import timedelta

import pytest

from jobs import Cron, Every, InvalidArguments, InvalidJob, Job, Unique
from jobs.features.periodic.entries import Entry, entries_of
from jobs.occasion import Occasion, occasion_of
from jobs.payload import decode
from jobs.registry import registry

MINUTE = Every(timedelta(minutes=1))


class PlainJob(Job):
    schedule = MINUTE
    queue = "low"

    def perform(self):
        """Do nothing."""


class GreetingJob(Job):
    schedule = (
        Cron("0 3 * * *", timezone="UTC", args=["hallo"], name="german"),
        Cron("0 4 * * *", timezone="UTC", kwargs={"word": "salut"}, name="french"),
    )

    def perform(self, word):
        """Do nothing."""


class SubJob(PlainJob):
    schedule = None  # type: ignore[assignment]


def entry(schedule, name="tests.AJob", queue="q", priority=0):
    return Entry(name, name.partition(":")[0], queue, priority, schedule)


def test_entry_of_a_class_has_its_name_and_queue():
    [found] = entries_of(registry.name_of(PlainJob))

    assert found.name == registry.name_of(PlainJob)
    assert (found.queue, found.schedule) == ("low", MINUTE)


def test_several_entries_have_names_of_their_own():
    name = registry.name_of(GreetingJob)

    assert [each.name for each in entries_of(name)] == [f"{name}:german", f"{name}:french"]


def test_subclass_can_do_without_the_schedule_of_its_base():
    assert entries_of(registry.name_of(SubJob)) == []


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("0 3 * * *", r"must be Cron\(\.\.\.\), Every"),
        ([], r"must be Cron\(\.\.\.\), Every"),
        ([MINUTE, MINUTE], "need names of their own"),
        ([Every(timedelta(1), name="a"), Every(timedelta(2), name="a")], "two schedules"),
        (Every(timedelta(1), name="a b"), "letters, digits"),
        (Every(timedelta(1), args=[1]), "too many positional"),
        (Every(timedelta(1), kwargs={"at": timedelta(1)}), "unexpected keyword"),
    ],
)
def test_what_does_not_suit_the_class_fails_where_it_is_written(value, words):
    with pytest.raises(InvalidJob, match=words):
        type("WrongJob", (Job,), {"schedule": value, "perform": lambda self: None})
    with pytest.raises(Exception, match="WrongJob"):
        registry.find(f"{__name__}.WrongJob")


def test_class_with_a_schedule_cannot_be_unique():
    with pytest.raises(InvalidJob, match="'schedule' and 'unique' do not go together"):

        class WrongJob(Job):
            schedule = MINUTE
            unique = Unique()

            def perform(self):
                """Do nothing."""


def test_arguments_must_be_json():
    with pytest.raises(InvalidJob, match="total_seconds"):

        class WrongJob(Job):
            schedule = Every(timedelta(1), args=[timedelta(1)])

            def perform(self, span):
                """Do nothing."""


def test_schedule_cannot_be_changed_for_one_job():
    with pytest.raises(InvalidArguments, match="only be set on the job class"):
        PlainJob.using(schedule=MINUTE).enqueue()


@pytest.mark.parametrize(
    ("other", "is_same_clock"),
    [
        (Cron("30 2 * * *", timezone="UTC"), False),
        (Cron("0 3 * * *", timezone="Europe/Berlin"), False),
        (Cron("0 3 * * *", timezone="UTC", overlap="allow"), True),
        (Cron("0 3 * * *", timezone="UTC", args=[1]), True),
        (Cron("0 3 * * *", timezone="UTC", jitter=timedelta(minutes=1)), True),
    ],
)
def test_spec_changes_with_everything_and_the_clock_with_the_time_only(other, is_same_clock):
    one, two = entry(Cron("0 3 * * *", timezone="UTC")), entry(other)

    assert one.spec != two.spec
    assert (one.clock == two.clock) is is_same_clock


@pytest.mark.parametrize(
    ("period", "when"),
    [
        (timedelta(seconds=1), "every second"),
        (timedelta(minutes=5), "every 5 minutes"),
        (timedelta(minutes=90), "every 90 minutes"),
        (timedelta(days=1), "every day"),
        (timedelta(days=1, seconds=61), "every 86,461 seconds"),
    ],
)
def test_period_is_told_in_the_units_that_people_use(period, when):
    assert Every(period).when == when
    assert Every(period).clock == f"every {period.total_seconds():.0f} s"


def test_cron_expression_is_told_as_it_is_written():
    assert Cron("@daily", timezone="UTC").when == "0 0 * * * UTC"


def test_spec_is_the_same_in_every_process():
    assert (
        entry(Cron("@daily", timezone="UTC")).spec == entry(Cron("0 0 * * *", timezone="UTC")).spec
    )


def test_id_follows_from_namespace_name_and_tick():
    one = entry(MINUTE)

    assert one.job_id("jobs", 60_000) == one.job_id("jobs", 60_000)
    others = [one.job_id("other", 60_000), one.job_id("jobs", 120_000)]
    others.append(entry(MINUTE, "tests.BJob").job_id("jobs", 60_000))
    assert one.job_id("jobs", 60_000) not in others


def test_jitter_is_the_same_for_a_tick_and_spreads_the_ticks():
    one = entry(Every(timedelta(minutes=1), jitter=timedelta(seconds=30)))
    delays = [one.due_at(tick) - tick for tick in range(0, 6_000_000, 60_000)]

    assert delays == [one.due_at(tick) - tick for tick in range(0, 6_000_000, 60_000)]
    assert 0 <= min(delays) < 5_000
    assert 25_000 < max(delays) <= 30_000


def test_job_sees_its_moment_and_how_many_were_missed():
    one = entry(MINUTE, registry.name_of(PlainJob), "low", 5)
    payload = decode(one.payload("id", Occasion(one.name, 60.0, 3), 61_000))
    job = PlainJob(payload)

    assert (payload.priority, payload.queue, payload.run_after) == (5, "low", None)
    assert job.scheduled_at.timestamp() == 60
    assert job.missed == 3


def test_job_that_no_schedule_made_sees_none():
    assert PlainJob().scheduled_at is None
    assert PlainJob().missed == 0


@pytest.mark.parametrize("context", [{}, {"schedule": 1}, {"schedule": {"name": 1, "at": "x"}}])
def test_odd_context_is_no_occasion(context):
    assert occasion_of(context) is None
