"""The chain of middleware.

Order, veto, and asking only those who have something to say.
"""

import asyncio
import gc
import weakref
from contextlib import suppress

import pytest
from asgiref.sync import async_to_sync
from django.utils.module_loading import import_string

from jobs import Job
from jobs.conf import DEFAULT_MIDDLEWARE
from jobs.errors import ConfigurationError, InvalidJob
from jobs.middleware import Middleware
from jobs.middleware.chain import MiddlewareChain, declared_options, get_chain
from jobs.options import OF_DEFAULT_MIDDLEWARE, Option
from jobs.payload import Payload

log: list[str] = []


class Named(Middleware):
    """Notes its name at every point."""

    def __init__(self, name):
        self.name = name

    def enqueue(self, payload):
        log.append(self.name)
        return payload.changed(args=[*payload.args, self.name])

    def perform(self, job, call_next):
        log.append(f"{self.name} before")
        try:
            return [self.name, call_next()]
        finally:
            log.append(f"{self.name} after")

    async def aperform(self, job, call_next):
        log.append(f"{self.name} before")
        return [self.name, await call_next()]


class Veto(Middleware):
    def enqueue(self, payload):
        return None


class Declaring(Middleware):
    options = {"limit": Option(lambda value: value > 0, "positive")}


@pytest.fixture(autouse=True)
def _empty_log():
    log.clear()


@pytest.fixture
def chain():
    return MiddlewareChain([Named("outer"), Middleware(), Named("inner")])


@pytest.fixture
def payload():
    return Payload(0, "a", "x", "q")


def test_client_side_runs_in_order(chain, payload):
    assert chain.enqueue(payload).args == ["outer", "inner"]


def test_veto_ends_the_client_side(payload):
    assert MiddlewareChain([Named("outer"), Veto(), Named("inner")]).enqueue(payload) is None
    assert log == ["outer"]


def test_server_side_nests_in_order(chain):
    assert chain.perform("job", lambda: "result") == ["outer", ["inner", "result"]]
    assert log == ["outer before", "inner before", "inner after", "outer after"]


def test_server_side_sees_the_error(chain):
    with pytest.raises(ZeroDivisionError):
        chain.perform("job", lambda: 1 / 0)

    assert log == ["outer before", "inner before", "inner after", "outer after"]


def test_server_side_of_coroutines_nests_in_order(chain):
    async def perform():
        return "result"

    assert async_to_sync(chain.aperform)("job", perform) == ["outer", ["inner", "result"]]


def test_empty_chain_changes_nothing(payload):
    chain = MiddlewareChain([])

    assert chain.enqueue(payload) is payload
    assert chain.perform("job", lambda: 7) == 7


def test_base_class_passes_everything_on(payload):
    base = Middleware()

    async def perform():
        return 8

    assert base.enqueue(payload) is payload
    assert base.failed("job", KeyError()) is None
    assert base.perform("job", lambda: 7) == 7
    assert async_to_sync(base.aperform)("job", perform) == 8


def test_options_of_all_middleware_are_declared(settings):
    settings.JOBS = {
        "MIDDLEWARE": [f"{__name__}.Declaring", "jobs.middleware.expiry.ExpiryMiddleware"]
    }

    assert {"limit", "expires_in"} <= set(declared_options())


def test_chain_is_made_once_and_follows_the_settings(settings):
    settings.JOBS = {"MIDDLEWARE": []}
    first = get_chain()
    assert get_chain() is first

    settings.JOBS = {"MIDDLEWARE": [f"{__name__}.Veto"]}

    assert get_chain() is not first


@pytest.mark.parametrize(
    "path", ["nowhere.Middleware", "tests.jobs.middleware.test_chain.Missing", "builtins.dict"]
)
def test_what_is_no_middleware_is_named(settings, path):
    settings.JOBS = {"MIDDLEWARE": [path]}

    with pytest.raises(ConfigurationError, match=path):
        get_chain()


class Pointed(Middleware):
    """Notes its name at each of the three points.

    It raises where it is told to.
    """

    def __init__(self, name, raises=None, instead=None):
        self.name = name
        self.raises = raises
        self.instead = instead

    def note(self, point):
        log.append(f"{point} {self.name}")
        if point == self.raises:
            raise ValueError(f"{point} of {self.name}")

    def before(self, job):
        self.note("before")

    def failed(self, job, error):
        self.note(f"failed({type(error).__name__})")
        return self.instead

    def after(self, job):
        self.note("after")


class Both(Pointed):
    """Has points and wraps as well."""

    def perform(self, job, call_next):
        self.note("enter")
        try:
            return call_next()
        finally:
            self.note("leave")

    async def aperform(self, job, call_next):
        self.note("enter")
        try:
            return await call_next()
        finally:
            self.note("leave")


def perform(chain, error=None, *, is_async):
    """Run a job that notes it, and raises the error."""

    def run():
        log.append("perform")
        if error:
            raise error
        return 7

    async def arun():
        return run()

    return asyncio.run(chain.aperform("job", arun)) if is_async else chain.perform("job", run)


@pytest.mark.parametrize("is_async", [False, True])
class TestPoints:
    """Points run as if each middleware wrapped the next."""

    def test_they_run_around_the_job_in_order(self, is_async):
        chain = MiddlewareChain([Pointed("A"), Middleware(), Pointed("B")])

        assert perform(chain, is_async=is_async) == 7
        assert log == ["before A", "before B", "perform", "after B", "after A"]

    def test_error_of_the_job_is_shown_from_the_inside_out(self, is_async):
        chain = MiddlewareChain([Pointed("A"), Pointed("B")])

        with pytest.raises(KeyError):
            perform(chain, KeyError("no"), is_async=is_async)
        assert log[2:] == [
            "perform",
            "failed(KeyError) B",
            "after B",
            "failed(KeyError) A",
            "after A",
        ]

    def test_other_error_takes_the_place_of_the_first(self, is_async):
        chain = MiddlewareChain([Pointed("A"), Pointed("B", instead=OSError("instead"))])

        with pytest.raises(OSError, match="instead") as caught:
            perform(chain, KeyError("no"), is_async=is_async)
        assert isinstance(caught.value.__context__, KeyError)
        assert log[3:] == ["failed(KeyError) B", "after B", "failed(OSError) A", "after A"]

    def test_who_was_not_entered_does_not_leave(self, is_async):
        chain = MiddlewareChain([Pointed("A"), Pointed("B", raises="before"), Pointed("C")])

        with pytest.raises(ValueError, match="before of B"):
            perform(chain, is_async=is_async)
        assert log == ["before A", "before B", "failed(ValueError) A", "after A"]

    def test_error_at_the_end_of_one_is_shown_to_those_further_out(self, is_async):
        chain = MiddlewareChain([Pointed("A"), Pointed("B", raises="after"), Pointed("C")])

        with pytest.raises(ValueError, match="after of B"):
            perform(chain, is_async=is_async)
        assert log[3:] == ["perform", "after C", "after B", "failed(ValueError) A", "after A"]

    def test_error_of_a_failed_is_shown_to_those_further_out(self, is_async):
        chain = MiddlewareChain([Pointed("A"), Pointed("B", raises="failed(KeyError)")])

        with pytest.raises(ValueError, match="failed"):
            perform(chain, KeyError("no"), is_async=is_async)
        assert log[3:] == ["failed(KeyError) B", "failed(ValueError) A", "after A"]

    def test_error_that_counts_as_false_is_raised_in_place_of_the_first(self, is_async):
        class Falsy(Exception):
            def __bool__(self):
                return False

        chain = MiddlewareChain([Pointed("A", instead=Falsy())])

        with pytest.raises(Falsy):
            perform(chain, KeyError("no"), is_async=is_async)

    def test_what_is_returned_in_place_of_an_error_must_be_one(self, is_async):
        chain = MiddlewareChain([Pointed("A"), Pointed("B", instead=True)])

        with pytest.raises(TypeError, match="failed returned True, which is no error"):
            perform(chain, KeyError("no"), is_async=is_async)
        assert log[3:] == ["failed(KeyError) B", "failed(TypeError) A", "after A"]

    def test_what_a_failed_job_had_is_free_at_once(self, is_async):
        """The traceback held a frame, and the frame the error."""

        class Big:
            pass

        def fail():
            big = Big()
            alive.append(weakref.ref(big))
            raise KeyError("no")

        alive: list[weakref.ref] = []
        chain = MiddlewareChain([Pointed("A"), Pointed("B")])
        gc.disable()
        try:
            with suppress(KeyError):
                chain.perform("job", fail)
            assert alive[0]() is None
        finally:
            gc.enable()

    def test_those_that_wrap_keep_their_place_between_them(self, is_async):
        chain = MiddlewareChain([Pointed("A"), Both("B"), Pointed("C"), Named("D"), Pointed("E")])

        result = perform(chain, is_async=is_async)

        assert result == ["D", 7]
        expected = [
            "before A",
            "before B",
            "enter B",
            "before C",
            "D before",
            "before E",
            "perform",
            "after E",
        ]
        expected += ["D after"] * (not is_async)
        assert log == [*expected, "after C", "leave B", "after B", "after A"]


@pytest.mark.parametrize(("option", "path"), OF_DEFAULT_MIDDLEWARE.items())
def test_message_names_the_default_middleware_that_a_list_leaves_out(settings, option, path):
    assert option in import_string(path).options
    assert path in DEFAULT_MIDDLEWARE
    settings.JOBS = {"MIDDLEWARE": []}

    with pytest.raises(InvalidJob, match=f"'{option}' is one of {path}. List that in JOBS"):
        type("ListlessJob", (Job,), {option: None, "perform": lambda self: None})
