"""The Lua scripts do what their headers announce.

The header tells what the store sends and what the code uses.
"""

import re

import check_lua
import pytest
from redis.exceptions import ResponseError

from jobs.store import Claim, NewJob, Session, Slots
from jobs.store.kept_schedules import KeptSchedules
from jobs.store.keys import QUEUE_KEYS
from jobs.store.notes import Notes
from jobs.store.reader import Reader
from jobs.store.scripts import Scripts, files, is_of_a_queue, number_of_keys, sources
from jobs.store.set_reader import Ranks, SetReader
from jobs.store.whereabouts import Whereabouts
from tests.jobs.features.periodic.desk import NAME, Desk

NAMES = sorted(sources())


@pytest.fixture
def sent(store, monkeypatch):
    """Return the numbers of keys that were really sent, by script."""
    numbers = {}
    run, run_each = Scripts.run, Scripts.run_each
    run_quickly, run_of_queue = Session.run_quickly, Session.run

    def note(self, name, keys, args):
        numbers[name] = len(keys)
        return run(self, name, keys, args)

    def note_each(self, name, calls):
        [numbers[name]] = {len(keys) for keys, _ in calls}
        return run_each(self, name, calls)

    def note_quickly(self, name, keys, args):
        numbers[name] = len(keys)
        return run_quickly(self, name, keys, args)

    def note_of_queue(self, name, queue, args):
        numbers[name] = len(self.keys(queue).all)
        return run_of_queue(self, name, queue, args)

    monkeypatch.setattr(Scripts, "run", note)
    monkeypatch.setattr(Scripts, "run_each", note_each)
    monkeypatch.setattr(Session, "run", note_of_queue)
    monkeypatch.setattr(Session, "run_quickly", note_quickly)
    return numbers


def test_all_scripts_are_part_of_the_package():
    expected = (
        "acquire announce_schedules audit close_schedule condemn extend fail fetch finish fire "
        "holders leave list_running look mend_keys mirror_schedules move note note_run "
        "open_schedule override_schedule push push_unique release renew retire_schedule rewrite "
        "search settle_schedules size"
    )

    assert expected.split() == NAMES


def test_scripts_agree_with_their_headers_the_prelude_and_the_list_of_keys():
    assert list(check_lua.check_all(files(), QUEUE_KEYS)) == []


def test_list_of_keys_is_the_one_that_the_check_reads():
    source = (check_lua.ROOT / "jobs/store/keys.py").read_text()

    assert check_lua.read_queue_keys(source) == tuple(QUEUE_KEYS)


@pytest.mark.parametrize("name", NAMES)
def test_script_is_sent_with_its_flags_first_and_the_prelude_where_it_needs_it(name):
    flags, _, rest = sources()[name].partition("\n")

    assert flags.startswith("#!lua")
    assert "#!lua" not in rest
    assert (files()["prelude"] in rest) == is_of_a_queue(files()[name])
    assert rest.endswith(files()[name].partition("\n")[2])


@pytest.mark.parametrize("name", NAMES)
def test_number_of_keys_has_no_gap(name):
    numbers = {int(n) for n in re.findall(r"KEYS\[(\d+)\]", sources()[name])}

    assert numbers == set(range(1, number_of_keys(name) + 1))


@pytest.mark.parametrize("name", sorted(files()))
def test_script_stays_below_the_limit_of_lines(name):
    assert len(files()[name].splitlines()) <= 80


@pytest.mark.parametrize("name", NAMES)
def test_script_names_no_key_of_its_own(name):
    assert not re.findall(r"redis\.p?call\('\w+', *['\"]", sources()[name])


def test_store_sends_as_many_keys_as_each_header_announces(q, sent):
    q.push("a", "b")
    q.take("w", 2)
    Notes(q.store).write("q", q.token("a"), "a", b"")
    Whereabouts(q.store).look("q", "a")
    q.store.running.finish("q", q.token("a"), "a", b"", 1)
    q.store.running.fail("q", q.token("b"), "b", b"", "dead")
    q.store.running.release("q", [("w#1", "a", b"")])
    q.store.running.list_running("q", "w")
    q.leases.renew("q", ["w"])
    q.leases.condemn("q", "w")
    q.leases.leave("q", "w")
    q.store.sets.move("q", "dead", "ready", ["b"])
    q.store.sets.audit("q", ["a"], repair=False)
    q.store.sets.mend_keys("q", "unique", ["key"])
    q.store.sets.rewrite("q", [("a", b"", b"")])
    q.store.intake.push("q", [NewJob("c", b"", 0, claim=Claim("key"))])
    q.store.intake.holders("q", ["key"])
    q.store.intake.size("q")
    SetReader(Reader(q.store)).portion(Ranks("q", "ready", 0, 1))
    Slots(q.store, "limit").acquire("token", 1, 1)
    Slots(q.store, "limit").extend("token", 1)
    desk = Desk(q.store)
    desk.open()
    desk.fire_next()
    desk.desk.note_run("q", NAME, desk.start, "id", "done", is_success=True)
    desk.desk.close("q", NAME, 1)
    desk.desk.announce(1, [])
    kept = KeptSchedules(q.store)
    kept.write(0, {"name": "on {}"}, [])
    kept.settle([("name", 1, "q", "")])
    kept.retire("q", "name", 1)
    kept.override("name", "s", "{}")

    assert sent == {name: number_of_keys(name) for name in NAMES}


def test_script_that_only_reads_is_not_allowed_to_write(q):
    flags = sources()["list_running"].partition("\n")[0]

    with pytest.raises(ResponseError, match="Write commands are not allowed"):
        q.client.eval(f"{flags}\nredis.call('DEL', KEYS[1])", 1, q.keys.bell)
