"""The chain of middleware: order, veto, and asking only those who have something to say."""

import pytest
from asgiref.sync import async_to_sync

from jobs.errors import ConfigurationError
from jobs.middleware import Middleware
from jobs.middleware.chain import MiddlewareChain, declared_options, get_chain
from jobs.options import Option
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
    assert base.perform("job", lambda: 7) == 7
    assert async_to_sync(base.aperform)("job", perform) == 8


def test_options_of_all_middleware_are_declared(settings):
    settings.JOBS = {"MIDDLEWARE": [f"{__name__}.Declaring", "jobs.middleware.expiry.ExpiryMiddleware"]}

    assert {"limit", "expires_in"} <= set(declared_options())


def test_chain_is_made_once_and_follows_the_settings(settings):
    settings.JOBS = {"MIDDLEWARE": []}
    first = get_chain()
    assert get_chain() is first

    settings.JOBS = {"MIDDLEWARE": [f"{__name__}.Veto"]}

    assert get_chain() is not first


@pytest.mark.parametrize("path", ["nowhere.Middleware", "tests.jobs.middleware.test_chain.Missing", "builtins.dict"])
def test_what_is_no_middleware_is_named(settings, path):
    settings.JOBS = {"MIDDLEWARE": [path]}

    with pytest.raises(ConfigurationError, match=path):
        get_chain()
