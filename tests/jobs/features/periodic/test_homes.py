"""Entries that move to another queue, and what people see of them."""

from jobs.store.schedules import Left
from tests.jobs.features.periodic.desk import MINUTE, NAME

# Another queue


def test_entry_that_moves_takes_its_cursor_along_and_is_closed_where_it_was(d):
    d.open(1)
    d.fire_next()
    d.desk.pause("q", NAME)

    left = d.desk.close("q", NAME, 2)
    opened = d.open(2, queue="r", spec="new", start=d.q.now(), left=left)

    assert opened == ("open", d.start + MINUTE)
    assert d.field("paused", "r") == b"1"
    assert d.fire_next().word == "foreign"
    assert d.open(1).word == "closed"
    assert d.fire(opened.cursor, opened.cursor + MINUTE, spec="new", queue="r").word == "paused"


def test_close_can_be_repeated_after_a_crash(d):
    d.open(1)

    assert d.desk.close("q", NAME, 2) == d.desk.close("q", NAME, 3) == Left(str(d.start), "c", "")


def test_close_is_refused_where_a_newer_boot_owns_the_entry(d):
    d.open(3)

    assert d.desk.close("q", NAME, 2) is None
    assert d.fire_next().word == "fired"


def test_entry_with_another_time_begins_anew_in_its_new_queue(d):
    d.open(1)
    left = d.desk.close("q", NAME, 2)

    assert d.open(2, queue="r", clock="new", start=d.start + MINUTE, left=left).cursor == (
        d.start + MINUTE
    )


def test_entry_that_comes_back_goes_on_where_it_was_in_the_other_queue(d):
    d.open(1)
    d.open(2, queue="r", left=d.desk.close("q", NAME, 2))
    d.fire(d.start, d.start + 3 * MINUTE, queue="r")

    left = d.desk.close("r", NAME, 3)

    assert d.open(3, left=left) == ("open", d.start + 3 * MINUTE)
    assert d.fire_next().word == "fired"


def test_entry_that_was_resumed_elsewhere_comes_back_resumed(d):
    d.open(1)
    d.desk.pause("q", NAME)
    d.open(2, queue="r", left=d.desk.close("q", NAME, 2))
    d.desk.resume("r", NAME)

    d.open(3, left=d.desk.close("r", NAME, 3))

    assert d.fire_next().word == "fired"


# Who announces what


def test_newest_boot_says_which_entries_there_are(d):
    assert d.desk.newest() == (-1, 0)
    assert d.desk.announce(5, [("a", "q", ""), ("b", "r", "")])
    assert not d.desk.announce(4, [("c", "q", "")])

    assert d.home() == (5, {"a", "b"}, {"a": "q", "b": "r"})
    assert d.desk.newest() == (5, 0)
    assert d.desk.announce(6, [("a", "q", "")])
    assert d.desk.home().names == {"a"}


def test_entry_is_not_announced_while_it_is_open_in_another_queue(d):
    d.desk.announce(5, [("a", "q", "")])

    assert not d.desk.announce(6, [("a", "r", "")])
    assert d.home() == (5, {"a"}, {"a": "q"})
    assert d.desk.announce(6, [("a", "r", "q")])
    assert d.home() == (6, {"a"}, {"a": "r"})


# What people see


def test_record_tells_the_last_runs_and_how_they_ended(d):
    d.desk.announce(1, [(NAME, "q", "")])
    d.open()
    d.fire_next()
    d.fire_next(overlap="skip")
    d.desk.note_run("q", NAME, d.start + MINUTE, "job-1", "dead", is_success=False)

    skipped, dead = d.record().runs
    assert (skipped.tick, skipped.word) == (d.start + 2 * MINUTE, "overlap")
    assert (dead.tick, dead.job_id, dead.word) == (d.start + MINUTE, "job-1", "dead")
    assert d.record().owed == d.start + MINUTE
    assert d.record().fired == 1


def test_at_most_20_runs_are_remembered(d):
    d.desk.announce(1, [(NAME, "q", "")])
    d.open(start=d.start - 100 * MINUTE)
    for _ in range(25):
        d.fire_next(skip="missed")

    assert len(d.record().runs) == 20
    assert d.record().runs[0].tick == d.start - 75 * MINUTE


def test_success_pays_what_is_owed(d):
    d.desk.announce(1, [(NAME, "q", "")])
    d.open()
    d.fire_next()
    tick = d.start + MINUTE
    assert d.record().late_at == tick + 5 * MINUTE

    begun = d.q.now() - 3 * MINUTE
    d.q.client.hset(d.q.keys.schedules, f"begun:{NAME}", begun)
    d.desk.note_run("q", NAME, tick, "job-1", "done", is_success=True)

    record = d.record()
    assert record.owed is None
    assert abs(record.done - d.q.now()) < 5_000
    # The next run may take as long as this one did.
    assert record.took == record.done - begun
    assert record.late_at == tick + MINUTE + record.took + 5 * MINUTE


def test_time_that_a_run_took_counts_from_when_it_was_fired_or_due(d):
    d.open()
    now = d.q.now()
    d.fire_next()
    assert 0 <= int(d.field("begun")) - now < 5_000

    d.fire_next(overlap="allow", due=now + MINUTE)
    assert int(d.field("begun")) == now + MINUTE


def test_success_of_an_older_run_leaves_the_newer_one_owed(d):
    d.desk.announce(1, [(NAME, "q", "")])
    d.open()
    d.fire_next()
    d.fire_next(overlap="allow")

    d.desk.note_run("q", NAME, d.start + MINUTE, "job-1", "done", is_success=True)

    assert d.record().owed == d.start + 2 * MINUTE


def test_entry_that_is_paused_or_rests_is_never_late(d):
    d.desk.announce(1, [(NAME, "q", "")])
    d.open()
    assert d.record().late_at

    d.desk.pause("q", NAME)
    assert d.record().late_at is None

    d.desk.resume("q", NAME)
    d.desk.announce(2, [])
    assert d.record().is_resting
    assert d.record().late_at is None


def test_ending_of_an_entry_that_is_not_here_is_not_kept(d):
    d.desk.note_run("q", NAME, d.start, "job-1", "done", is_success=True)

    assert not d.q.client.exists(d.q.keys.schedules)
