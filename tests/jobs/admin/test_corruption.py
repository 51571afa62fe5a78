"""Whatever is wrong in Redis costs its own line.

On every page, in every export, in every command.
"""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.jobs.inspect.corruptions import CLASS, Corruption, corruptions, fill_everything
from tests.jobs.inspect.filling import WORKER

ALL = list(corruptions())
PAGES = (
    "",
    "queues/",
    "queues/default/",
    "running/",
    "workers/",
    "scheduled/",
    "retry/",
    "dead/",
    "done/",
    "search/?q=class:tests.AnyJob",
    "failures/",
    "unique/",
    "metrics/?in=1d",
    f"metrics/{CLASS}/",
    "metrics.txt",
    "stats.json",
)
COMMANDS = (
    ("stats", "--json"),
    ("workers",),
    ("check",),
    ("scheduled",),
    ("retries",),
    ("dead",),
    ("top", "--times", "1"),
    ("doctor",),
    ("check", "--deploy", "--all"),
)
#: What tells on each page that the queue `other` and the worker `healthy` are shown.
HEALTHY = {
    "queues/": "/queues/other/",
    "workers/": "healthyhost",
    "scheduled/": "tests.OtherJob",
    "retry/": "tests.OtherJob",
    "dead/": "tests.OtherJob",
    "done/": "tests.OtherJob",
    "failures/": "tests.OtherJob",
    "metrics/?in=1d": "tests.OtherJob",
    "metrics.txt": 'jobs_ready{queue="other"} 1',
    "stats.json": '"other"',
}
#: Pages that a key without the names cannot fill; all others must show what is well.
WITHOUT = {"workers": {"workers/"}, "names": {"metrics/?in=1d"}}


@pytest.fixture(autouse=True)
def quick_client(monkeypatch):
    """Let the test client keep no copy of each context.

    Copying takes longer than the pages themselves.
    """
    monkeypatch.setattr("django.test.client.store_rendered_templates", lambda *args, **kwargs: None)


@pytest.fixture(autouse=True)
def two_queues(settings):
    settings.JOBS = {**settings.JOBS, "QUEUES": ["default", "other"], "METRICS_TOKEN": ""}


def shown(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def pages(client, filled) -> dict[str, str]:
    """Return every page as text.

    Each must be an answer.
    """
    paths = (*PAGES, *(f"job/{filled.jobs[place]}/" for place in ("running", "dead")))
    found = {path: client.get(f"/admin/jobs/{path}") for path in paths}
    # A job whose payload is gone, or may be, is not found.
    # Nor is a class of which nothing was measured.
    bad = {
        path: page.status_code for path, page in found.items() if page.status_code not in {200, 404}
    }
    assert bad == {}
    assert {path for path, page in found.items() if page.status_code == 404} <= set(paths[-2:]) | {
        f"metrics/{CLASS}/"
    }
    return {path: page.content.decode() for path, page in found.items()}


def commands(filled) -> str:
    """Return what all commands print.

    At the worst, each ends in a sentence.
    """
    out = StringIO()
    for command in (*COMMANDS, ("explain", *filled.jobs.values())):
        try:
            call_command("jobs", *command, stdout=out, stderr=out)
        except CommandError as error:
            out.write(str(error))
    out.getvalue().encode()  # a terminal must be able to take it
    return out.getvalue()


def unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&#x27;", "'").replace("&amp;", "&")


# The doctor asks each database how many connections it grants.
@pytest.mark.django_db(databases=["default", "fake_services"])
@pytest.mark.parametrize("corruption", ALL, ids=[each.name for each in ALL])
def test_what_is_wrong_costs_its_own_line(store, boss, corruption: Corruption):
    filled = fill_everything(store)
    key = shown(corruption.key(filled))
    corruption.harm(filled)

    shown_pages = pages(boss, filled)
    told = commands(filled)

    missing = {path for path, sign in HEALTHY.items() if sign not in shown_pages[path]}
    assert missing <= WITHOUT.get(corruption.name.removeprefix("shared ").partition(" ")[0], set())
    assert "healthyhost" in told or corruption.name.startswith("shared workers")
    json.loads(shown_pages["stats.json"])
    assert shown_pages["metrics.txt"].endswith("# EOF\n")
    assert key in told or any(key in unescaped(page) for page in shown_pages.values())


def test_there_are_many_corruptions():
    assert len(ALL) > 90
    assert len({each.name for each in ALL}) == len(ALL)


@pytest.mark.parametrize("name", ["payloads", "dead", "running", "bell", "meta"])
def test_action_that_redis_refuses_says_so(store, boss, name):
    filled = fill_everything(store)
    store.client.delete(filled.key(name))
    store.client.set(filled.key(name), "x")
    actions = [f"queues/default/{verb}/" for verb in ("pause", "resume", "clear")]
    actions += [
        f"job/{filled.jobs[place]}/{verb}/"
        for place in ("dead", "running")
        for verb in ("retry", "kill", "delete", "cancel")
    ]
    actions += [f"workers/{WORKER}/{verb}/" for verb in ("quiet", "unquiet", "stop")]
    bulk = {"verb": "retry", "scope": "all", "confirmed": "1"}

    answers = [boss.post(f"/admin/jobs/{path}", {"confirmed": "1"}) for path in actions]
    answers += [
        boss.post(f"/admin/jobs/{name}/act/", bulk) for name in ("scheduled", "retry", "dead")
    ]

    assert {answer.status_code for answer in answers} <= {200, 302, 404, 409}
    refused = [answer for answer in answers if answer.status_code == 409]
    assert all("python manage.py jobs doctor" in answer.content.decode() for answer in refused)


@pytest.mark.parametrize("command", ["pause", "resume"])
def test_command_that_redis_refuses_says_so(store, command):
    store.client.set(store.keys("default").meta, "x")

    with pytest.raises(
        CommandError, match=r"Redis refuses this: .*WRONGTYPE.*manage.py jobs doctor"
    ):
        call_command("jobs", command, "default")
