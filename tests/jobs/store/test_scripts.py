"""The headers of the Lua scripts: what they announce is what the store sends and what the code uses."""

import inspect
import re

import pytest
from check_lua import check

from jobs.store import Store
from jobs.store.scripts import Scripts, number_of_keys, sources

NAMES = sorted(sources())


@pytest.fixture
def sent(store, monkeypatch):
    """Return the numbers of keys that each method of the store really sent, by script."""
    numbers = {}
    run = Scripts.run

    def note(self, name, keys, args):
        numbers[name] = len(keys)
        return run(self, name, keys, args)

    monkeypatch.setattr(Scripts, "run", note)
    return numbers


def test_all_scripts_are_part_of_the_package():
    expected = "audit condemn fail fetch finish list_running move push release renew"

    assert set(NAMES) >= set(expected.split())


@pytest.mark.parametrize("name", NAMES)
def test_header_and_code_agree(name):
    assert list(check(sources()[name])) == []


@pytest.mark.parametrize("name", NAMES)
def test_keys_are_numbered_without_a_gap(name):
    numbers = {int(n) for n in re.findall(r"KEYS\[(\d+)\]", sources()[name])}

    assert numbers == set(range(1, number_of_keys(sources()[name]) + 1))


@pytest.mark.parametrize("name", NAMES)
def test_script_stays_below_the_limit_of_lines(name):
    assert len(sources()[name].splitlines()) <= 80


@pytest.mark.parametrize("name", NAMES)
def test_script_names_no_key_of_its_own(name):
    assert not re.findall(r"redis\.call\('\w+', *['\"]", sources()[name])


def test_store_sends_as_many_keys_as_each_header_announces(q, sent):
    q.push("a", "b")
    q.take("w", 2)
    q.store.finish("q", "w", "a", b"", 1)
    q.store.fail("q", "w", "b", b"", "dead")
    q.store.release("q", "w", [("a", b"")])
    list(q.store.list_running("q", "w"))
    q.store.renew("q", ["w"], 1)
    q.store.condemn("q", "w", is_dead=True)
    q.store.move("q", "dead", "ready", ["b"])
    q.store.audit("q", ["a"], repair=False)

    assert sent == {name: number_of_keys(sources()[name]) for name in sent}
    assert set(sent) == called_by_the_store()


def called_by_the_store():
    return set(re.findall(r'scripts\.run\(\s*"(\w+)"', inspect.getsource(Store)))
