"""Error and death handlers: all are called, and none can harm."""

import logging

import pytest

from jobs.errors import ConfigurationError
from jobs.handlers import call_safely, check_handlers, handle_death, handle_error

calls: list[tuple] = []


def keep(*args):
    calls.append(args)


def fail(*args):
    raise RuntimeError("the handler is broken")


@pytest.fixture(autouse=True)
def handlers(settings):
    calls.clear()
    paths = [f"{__name__}.fail", f"{__name__}.keep"]
    settings.JOBS = {"ERROR_HANDLERS": paths, "DEATH_HANDLERS": paths}


def test_every_error_handler_is_told_though_one_fails(caplog):
    error = ValueError("no")

    with caplog.at_level(logging.ERROR, "jobs"):
        handle_error(error, {"id": "a"})

    assert calls == [(error, {"id": "a"})]
    [record] = caplog.records
    assert record.getMessage().startswith("handler.failed handler=fail")
    assert record.exc_info[0] is RuntimeError


def test_every_death_handler_is_told_though_one_fails():
    error = ValueError("no")

    handle_death("job", error)

    assert calls == [("job", error)]


def test_no_handlers_is_fine(settings):
    settings.JOBS = {}

    handle_error(ValueError(), {})

    assert calls == []


def test_stop_is_not_swallowed():
    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        call_safely(stop)


def test_callable_without_a_name_is_shown(caplog):
    class Nameless:
        def __call__(self):
            raise RuntimeError

    with caplog.at_level(logging.ERROR, "jobs"):
        call_safely(Nameless())

    assert "Nameless" in caplog.text


@pytest.mark.parametrize("key", ["ERROR_HANDLERS", "DEATH_HANDLERS"])
def test_handler_that_cannot_be_imported_is_a_configuration_error(settings, key):
    settings.JOBS = {key: ["nowhere.at_all"]}

    with pytest.raises(ConfigurationError, match="nowhere"):
        check_handlers()
