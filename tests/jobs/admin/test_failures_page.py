"""The page of failures: its groups, and what can be done to them."""

import re

import pytest
from django.contrib.admin.models import LogEntry

from jobs import control
from jobs.admin.pages import failures
from jobs.inspect import failure_groups
from jobs.inspect import failures as inspected
from jobs.store.reader import Reader
from tests.jobs.admin.conftest import messages, text
from tests.jobs.inspect.filling import failure, put

PATH = "/admin/jobs/failures/"
ACT = f"{PATH}act/"


def put_failed(store, name="dead", message="Order 7 is lost", **fields):
    error = failure("some.Error", message, at=store.now() - 60) | fields
    return put(store, name, errors=[error], failures=1)


def page(client, query=""):
    return client.get(f"{PATH}{query}").context["page"]


def verbs(row):
    return [verb.name for verb in row.verbs]


def fields(row, verb):
    group = row.group
    names = {"job_class": group.job_class, "error_class": group.error_class, "shape": group.shape}
    return {"verb": verb, **names}


def test_only_actions_that_can_apply_are_offered(store, boss):
    put_failed(store, "dead", "all of them dead")
    put_failed(store, "retry", "all of them waiting")

    rows = {row.group.shape: verbs(row) for row in page(boss).rows}

    assert rows == {
        "all of them dead": ["retry", "delete"],
        "all of them waiting": ["retry", "kill", "delete"],
    }


def test_where_not_all_jobs_were_looked_at_every_action_may_apply(store, boss, monkeypatch):
    for _ in range(4):
        put_failed(store)
    monkeypatch.setattr(inspected, "LOOK_AT", 2)

    assert verbs(page(boss).rows[0]) == ["retry", "kill", "delete"]


def test_a_group_opens_with_one_traceback_without_secrets(store, boss):
    put_failed(store, message="Old", traceback="Traceback of old")
    put_failed(store, traceback='Traceback\n  File "x.py"\nsome.Error: password=hunter2')
    row = next(row for row in page(boss).rows if row.group.shape == "Order … is lost")

    opened = boss.get(PATH + row.open_url)

    assert 'File "x.py"' in opened.context["page"].opened.traceback
    assert "Traceback of old" not in text(opened)
    assert "hunter2" not in text(opened)


def test_a_group_that_is_gone_says_so(store, boss):
    put_failed(store)

    shown = boss.get(f"{PATH}?group=nosuch")

    assert shown.context["page"].opened is None
    assert "The group that you opened is gone" in text(shown)


def test_who_may_not_see_messages_sees_no_traceback(store, log_in):
    put_failed(store, traceback="Traceback of a secret")
    client = log_in("view_jobs")
    [row] = page(client).rows

    shown = text(client.get(PATH + row.open_url))

    assert "Traceback of a secret" not in shown
    assert "is lost" not in shown
    assert "your account lacks the permission" in shown


def test_the_deploy_before_the_first_failure_is_named(store, boss):
    control.mark_deploy("v2.4.1 <b>")
    put(store, "dead", errors=[failure("E", "boom", at=store.now())], failures=1)

    shown = text(boss.get(PATH))

    assert "after deploy v2.4.1 &lt;b&gt;" in shown
    assert "1 failure, last hour. Deploys: v2.4.1 &lt;b&gt;" in shown


def test_the_chart_draws_a_bar_for_each_slot_with_failures(store, boss):
    put_failed(store)

    [row] = page(boss).rows

    assert len(row.chart.bars) == 1
    assert row.chart.bars[0].height == failures.sparkline(row.group.times).height


def test_many_groups_are_counted_and_not_shown(store, boss, monkeypatch):
    monkeypatch.setattr(failures, "MOST_GROUPS", 2)
    for word in ("one", "two", "three"):
        put_failed(store, message=word)

    shown = boss.get(PATH)

    assert len(shown.context["page"].rows) == 2
    assert "1 smaller group is not shown." in text(shown)


# Mute


def test_a_group_is_muted_and_shown_again(store, boss):
    put_failed(store)
    [row] = page(boss).rows

    told = messages(boss.post(ACT, fields(row, "mute"), follow=True))

    assert told == "The group is muted until it changes."
    shown = page(boss)
    assert (len(shown.rows), len(shown.muted)) == (0, 1)
    assert "Every group of failures is muted." in text(boss.get(PATH))
    entry = LogEntry.objects.get()
    assert entry.change_message.splitlines()[0] == "Mute"
    assert "shape='Order … is lost'" in entry.change_message

    boss.post(ACT, fields(row, "unmute"))
    assert len(page(boss).rows) == 1


def test_a_group_that_changed_is_shown_with_the_reason(store, boss):
    put_failed(store)
    control.mute(failure_groups(Reader(store)).groups[0])
    control.mark_deploy("v2")

    shown = " ".join(re.sub(r"<[^>]*>", "", text(boss.get(PATH))).split())

    assert re.search(r"was muted .* ago: there was a deploy since", shown)


def test_a_group_that_is_gone_cannot_be_muted(store, boss):
    job_id = put_failed(store)
    [row] = page(boss).rows
    store.client.zrem(store.keys("default").dead, job_id)

    told = messages(boss.post(ACT, fields(row, "mute"), follow=True))

    assert told == "This group is gone, so nothing was changed."
    assert not store.client.exists(store.shared.muted)
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize(
    "permissions",
    [
        ("view_jobs", "retry_job"),
        ("view_jobs", "view_job_arguments", "kill_job", "delete_job"),
        ("view_job_arguments", "retry_job"),
    ],
)
@pytest.mark.parametrize("verb", ["mute", "unmute"])
def test_muting_needs_the_permission_to_retry_and_sight_of_messages(
    store, log_in, boss, permissions, verb
):
    put_failed(store)
    [row] = page(boss).rows
    client = log_in(*permissions)

    assert client.post(ACT, {**fields(row, verb), "shape": ""}).status_code == 403
    assert client.post(ACT, fields(row, verb)).status_code == 403
    assert not store.client.exists(store.shared.muted)
    if client.get(PATH).status_code == 200:
        assert 'value="mute"' not in text(client.get(PATH))


def test_both_permissions_are_enough(store, log_in):
    put_failed(store)
    client = log_in("view_jobs", "view_job_arguments", "retry_job")
    [row] = page(client).rows

    client.post(ACT, fields(row, "mute"))

    assert len(page(client).muted) == 1


def sees_default(user, queue):
    """Let nobody see the queue `other`."""
    return queue != "other"


def test_who_sees_some_queues_mutes_nothing(store, settings, log_in):
    settings.JOBS = {**settings.JOBS, "QUEUE_ACCESS": f"{__name__}.sees_default"}
    put_failed(store)
    client = log_in("view_jobs", "view_job_arguments", "retry_job")
    [row] = page(client).rows
    assert page(client).may_mute

    put(store, "dead", "other")

    assert not page(client).may_mute
    assert client.post(ACT, fields(row, "mute")).status_code == 403
    assert not failure_groups().groups[0].is_muted
