"""What is refused of unique jobs, where it is written."""

from datetime import timedelta

import pytest

from jobs import InvalidArguments, InvalidJob, Job, Middleware, Unique

HOUR = timedelta(hours=1)


class ReportJob(Job):
    unique: Unique | None = Unique()

    def perform(self, shop: int) -> None:
        """Do nothing."""


class QuietJob(Job):
    unique = Unique(on_conflict="debounce", delay=HOUR, max_wait=2 * HOUR)

    def perform(self) -> None:
        """Do nothing."""


class PlainJob(Job):
    def perform(self, number: int = 0) -> None:
        """Do nothing."""


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"by": "order_id"}, r"write by=\('order_id',\)"),
        ({"by": 3}, "by must be a tuple"),
        ({"by": ("a", "a")}, "each once"),
        ({"by": (1,)}, "names of parameters"),
        ({"until": "end"}, "until must be 'done', 'start' or"),
        ({"until": timedelta(0)}, "until must be"),
        ({"until": 60}, "until must be"),
        ({"on_conflict": "ignore"}, "on_conflict must be one of 'return'"),
        ({"on_conflict": ["raise"]}, "on_conflict must be one of"),
        ({"on_conflict": "replace", "until": "done"}, "needs until='start'"),
        ({"on_conflict": "debounce", "until": HOUR}, "needs until='start'"),
        ({"on_conflict": "replace", "until": HOUR}, "needs until='start'"),
        ({"on_conflict": "debounce", "delay": HOUR}, "needs delay and max_wait"),
        ({"on_conflict": "debounce", "delay": 5, "max_wait": HOUR}, "delay must be"),
        ({"on_conflict": "debounce", "delay": 2 * HOUR, "max_wait": HOUR}, "is shorter than"),
        ({"delay": HOUR}, "for on_conflict='debounce' alone"),
    ],
)
def test_wrong_value_is_refused_where_it_is_written(fields, message):
    with pytest.raises(InvalidJob, match=message):
        Unique(**fields)


def test_unknown_parameter_is_refused_at_the_class():
    with pytest.raises(InvalidJob, match="WrongJob: option 'unique' names 'order', but the param"):

        class WrongJob(Job):
            unique = Unique(by=("order",))

            def perform(self, order_id):
                """Do nothing."""


def test_default_that_is_no_json_is_refused_at_the_class():
    with pytest.raises(InvalidJob, match="counts the parameter 'when', whose default"):

        class WrongJob(Job):
            unique = Unique()

            def perform(self, when=HOUR):
                """Do nothing."""


def test_default_that_does_not_count_may_be_anything():
    class RightJob(Job):
        unique = Unique(by=("order_id",))

        def perform(self, order_id, when=HOUR):
            """Do nothing."""

    assert RightJob.options.others["unique"].by == ("order_id",)


def test_anything_else_is_refused_as_the_option():
    with pytest.raises(InvalidJob, match=r"'unique' must be a jobs\.Unique, not True"):

        class WrongJob(Job):
            unique = True

            def perform(self):
                """Do nothing."""


def test_subclass_may_do_without(store):
    class FreeJob(ReportJob):
        unique = None

    globals()["FreeJob"] = FreeJob
    assert FreeJob.enqueue(1).id != FreeJob.enqueue(1).id


@pytest.mark.parametrize(
    ("job_class", "options", "message"),
    [
        (ReportJob, {"queue": "low"}, "does not go with the option 'unique'"),
        (PlainJob, {"queue": "low", "key": "k"}, "does not go with a key or id"),
        (PlainJob, {"queue": "low", "id": "k"}, "does not go with a key or id"),
        (ReportJob, {"unique": None}, "'unique' belongs to the class"),
    ],
)
def test_what_a_call_cannot_change_is_refused_at_the_call(job_class, options, message):
    with pytest.raises(InvalidJob, match=message):
        job_class.using(**options)


@pytest.mark.parametrize(
    ("job_class", "options", "message"),
    [
        (PlainJob, {"key": ""}, "key must be a text"),
        (PlainJob, {"key": 7}, "key must be a text"),
        (PlainJob, {"key": "x" * 1001}, "key must be a text"),
        (PlainJob, {"id": "a b"}, "id must be 1 to 64"),
        (PlainJob, {"id": 7}, "id must be 1 to 64"),
        (QuietJob, {"run_after": HOUR}, "its delay decides"),
    ],
)
def test_wrong_choice_is_refused_at_the_call(job_class, options, message):
    with pytest.raises(InvalidArguments, match=message):
        job_class.using(**options)


def test_queue_of_the_class_itself_may_be_named(store):
    ReportJob.using(queue="default").enqueue(1)

    assert ReportJob.enqueue(1).is_duplicate


def test_many_jobs_cannot_have_one_key(store):
    with pytest.raises(InvalidArguments, match="only the first is new"):
        PlainJob.using(key="k").enqueue_many([(1,), (2,)])


class MovingMiddleware(Middleware):
    def enqueue(self, payload):
        return payload.changed(queue="low")


def test_middleware_cannot_move_a_unique_job(store, settings):
    settings.JOBS = {**settings.JOBS, "MIDDLEWARE": [f"{__name__}.MovingMiddleware"]}

    with pytest.raises(InvalidJob, match="a middleware moved the job to queue 'low'"):
        ReportJob.enqueue(1)
