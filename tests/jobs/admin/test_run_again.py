"""A copy with edited arguments: secrets stay where they belong, or are refused."""

import json

import pytest
from django.contrib.admin.models import LogEntry

from jobs import Job, Middleware, inspect
from jobs.payload import Payload
from jobs.registry import registry
from tests.jobs.admin.conftest import messages, text
from tests.jobs.inspect.filling import put

USERS = [{"user": "a", "password": "of-a"}, {"user": "b", "password": "of-b"}]


class AdminJob(Job):
    queue = "default"

    def perform(self, number: int, *, token: str = "", note: str = "", url: str = "") -> None:
        pass


class LoginJob(Job):
    queue = "default"

    def perform(self, host: str, password: str = "", users: list | None = None) -> None:
        pass


class VetoedJob(Job):
    queue = "default"

    def perform(self) -> None:
        pass


class Veto(Middleware):
    def enqueue(self, payload: Payload) -> None:
        return None


def again(client, job_id, args, kwargs, **data):
    """Send the form, and follow to the page that tells what was done."""
    data |= {"args": json.dumps(args), "kwargs": json.dumps(kwargs)}
    return client.post(f"/admin/jobs/job/{job_id}/run-again/", data, follow=True)


def confirmed(client, job_id, args, kwargs):
    return again(client, job_id, args, kwargs, confirmed="yes")


def form_of(client, job_id):
    """Return what the form shows: the arguments by position and by name."""
    form = client.get(f"/admin/jobs/job/{job_id}/").context["page"].run_again_form
    return json.loads(form["args"].value()), json.loads(form["kwargs"].value())


def copies_of(job_id) -> list[Payload]:
    found = inspect.job_set("ready", inspect.Filter(queue="default")).jobs
    return [job.payload for job in found if job.id != job_id]


@pytest.fixture
def boss(transactional_db, boss):
    """Return a superuser in a database that commits, so that copies are pushed."""
    return boss


def test_a_copy_runs_with_edited_arguments_and_the_secrets_that_were_left_alone(boss):
    original = AdminJob.enqueue(7, token="s3cret", note="a").id
    assert "s3cret" not in text(boss.get(f"/admin/jobs/job/{original}/"))
    _, kwargs = form_of(boss, original)

    response = confirmed(boss, original, [8], kwargs | {"note": "b"})

    [copy] = copies_of(original)
    assert (copy.args, copy.kwargs) == ([8], {"token": "s3cret", "note": "b"})
    assert response.redirect_chain[-1][0] == f"/admin/jobs/job/{copy.id}/"
    assert copy.id in messages(response)


def test_an_unchanged_copy_with_its_secrets_is_enqueued_at_once(boss):
    original = AdminJob.enqueue(7, token="s3cret").id

    again(boss, original, *form_of(boss, original))

    assert copies_of(original)[0].kwargs == {"token": "s3cret"}
    assert "Secrets sent along: kwargs.token." in LogEntry.objects.get().change_message


def test_deleting_the_first_of_two_records_shifts_no_password(boss):
    original = LoginJob.enqueue("h", users=USERS).id
    args, kwargs = form_of(boss, original)

    confirmed(boss, original, args, {"users": kwargs["users"][1:]})

    assert copies_of(original)[0].kwargs == {"users": [{"user": "b", "password": "of-b"}]}


def test_what_changed_beside_a_kept_secret_is_confirmed_and_logged(boss):
    original = AdminJob.enqueue(7, token="s3cret", url="https://good.example").id
    _, kwargs = form_of(boss, original)
    changed = kwargs | {"url": "https://bad.example"}

    asked = again(boss, original, [7], changed)

    assert copies_of(original) == []
    assert not LogEntry.objects.exists()
    for shown in ("kwargs.token", "https://good.example", "https://bad.example"):
        assert shown in text(asked)
    assert "s3cret" not in text(asked)
    again(boss, original, [7], changed, confirmed="yes")
    told = LogEntry.objects.get().change_message
    assert 'kwargs.url: "https://good.example" → "https://bad.example"' in told
    assert "Secrets sent along: kwargs.token." in told
    assert copies_of(original)[0].kwargs == {"token": "s3cret", "url": "https://bad.example"}


def test_a_change_at_the_end_of_a_long_text_is_shown(boss):
    start = "https://good.example/" + "x" * 300
    original = AdminJob.enqueue(7, token="s3cret", url=f"{start}/good").id
    _, kwargs = form_of(boss, original)

    asked = again(boss, original, [7], kwargs | {"url": f"{start}/bad"})

    [change] = asked.context["page"].changes.first
    assert change.before.endswith('xxx/good"')
    assert change.after.endswith('xxx/bad"')


def test_more_changes_than_can_be_looked_through_take_no_secrets_along(boss):
    original = LoginJob.enqueue("h", "s3cret").id
    padding = [{"n": n} for n in range(301)]

    response = confirmed(boss, original, ["h", "[redacted: args[1]]"], {"users": padding})

    assert "too many to see where the secrets go" in text(response)
    assert copies_of(original) == []
    again(boss, original, ["h", "anew"], {"users": padding})
    assert copies_of(original)[0].args == ["h", "anew"]
    [changed, _told] = LogEntry.objects.get().change_message.splitlines()[-2:]
    assert changed.endswith("and 2 more.")


def test_a_new_secret_is_neither_logged_nor_shown_again(boss):
    original = AdminJob.enqueue(7, token="s3cret", note="a").id

    again(boss, original, [7], {"token": "fresh", "note": "b"})

    assert copies_of(original)[0].kwargs == {"token": "fresh", "note": "b"}
    told = LogEntry.objects.get().change_message
    assert "kwargs.token" in told
    assert "fresh" not in told


@pytest.mark.parametrize(
    ("args", "kwargs", "problem"),
    [
        (["h", "[redacted]"], {}, "stands for no secret"),
        (["h"], {"users": [{"password": "[redacted: kwargs.users[7].password]"}]}, "no secret"),
        (["h", "Bearer {args[1]}"], {}, "stands for no secret"),
        (["{args[1]}"], {}, "under its own name only"),
        (["h"], {"users": [{"note": "{args[1]}"}]}, "under its own name only"),
        (["{kwargs.users[0].password}"], {}, "under its own name only"),
        (["h"], {"users": [{"password": "{kwargs.users[0].password}"}] * 2}, "only once"),
        (["h"], {"users": [{"{args[1]}": 1}]}, "a name may not contain"),
    ],
)
def test_a_marker_without_its_place_is_refused_and_nothing_is_enqueued(boss, args, kwargs, problem):
    original = LoginJob.enqueue("h", "s3cret", users=USERS).id
    # A text such as {args[1]} stands for the marker of that place.
    written = json.dumps([args, kwargs]).replace("{args[1]}", "[redacted: args[1]]")
    for n in range(2):
        marker = f"kwargs.users[{n}].password"
        written = written.replace(f"{{{marker}}}", f"[redacted: {marker}]")

    response = again(boss, original, *json.loads(written), confirmed="yes")

    assert problem in text(response)
    assert copies_of(original) == []
    assert not LogEntry.objects.exists()


def test_a_secret_by_position_may_be_given_by_its_name(boss):
    original = LoginJob.enqueue("h", "s3cret").id

    confirmed(boss, original, ["h"], {"password": "[redacted: args[1]]"})

    assert copies_of(original)[0].kwargs == {"password": "s3cret"}


def test_a_secret_by_position_does_not_slip_to_another_parameter(boss):
    original = LoginJob.enqueue("h", "s3cret").id
    (_, marker), _ = form_of(boss, original)

    assert "under its own name only" in text(confirmed(boss, original, [marker], {}))


def test_an_address_keeps_its_password_only_where_it_is_left_alone(boss):
    original = AdminJob.enqueue(7, note="n", url="redis://u:s3cret@one/0").id
    _, kwargs = form_of(boss, original)
    assert kwargs["url"] == "redis://u:[redacted: kwargs.url]@one/0"

    moved = kwargs | {"url": kwargs["url"].replace("one", "other")}
    assert "stands for no secret" in text(confirmed(boss, original, [7], moved))
    confirmed(boss, original, [8], kwargs)

    assert copies_of(original)[0].kwargs["url"] == "redis://u:s3cret@one/0"


def test_a_text_that_looks_like_a_marker_survives(boss):
    original = AdminJob.enqueue(7, note="[redacted]").id

    again(boss, original, *form_of(boss, original))

    assert copies_of(original)[0].kwargs == {"note": "[redacted]"}


@pytest.mark.parametrize(
    ("args", "kwargs", "problem"),
    [
        ("[1, ", "{}", "This is no JSON from line 1"),
        ("{}", "{}", "Enter a list"),
        ("[1]", "[]", "Enter an object"),
        ("[1, 2]", "{}", "too many positional arguments"),
        ("", "{}", "This field is required"),
        ("[" * 990 + "]" * 990, "{}", "nested more than 100 deep"),
        ("[" * 100_000 + "]" * 100_000, "{}", "nested more than 100 deep"),
        ("[7]", '{"note": ' + "[" * 101 + "]" * 101 + "}", "nested more than 100 deep"),
        ("[7]", '{"self": 1}', "self"),
        ("[7]", '{"note": NaN}', "JSON has no such number"),
        ("[7]", '{"note": "\\ud800"}', "no valid Unicode"),
        ("[7]", '{"cls": 1, "args": 2, "/": 3}', "unexpected keyword"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_on_the_page(boss, args, kwargs, problem):
    original = AdminJob.enqueue(7, token="s3cret").id

    data = {"args": args, "kwargs": kwargs}
    response = boss.post(f"/admin/jobs/job/{original}/run-again/", data)

    assert response.status_code == 200
    assert problem in text(response)
    assert copies_of(original) == []


def test_options_that_the_class_no_longer_has_are_told_on_the_page(store, boss):
    job_id = put(store, "dead", options={"no_such_option": 1})

    response = again(boss, job_id, [], {})

    assert response.status_code == 200
    assert "no_such_option" in text(response)


def test_a_copy_that_a_middleware_refuses_is_told(store, boss, settings):
    settings.JOBS = {**settings.JOBS, "MIDDLEWARE": [f"{__name__}.Veto"]}
    job_id = put(store, "dead", job_class=registry.name_of(VetoedJob))

    assert "A middleware refused the copy" in messages(again(boss, job_id, [], {}))
    assert copies_of(job_id) == []


@pytest.mark.parametrize("depth", [100, 199, 240])
def test_a_job_with_deep_arguments_of_another_program_has_a_page(store, boss, depth):
    inner: object = "needle"
    for _ in range(depth - 1):
        inner = {"a": inner}
    job_id = put(store, "dead", kwargs={"note": inner})

    page = text(boss.get(f"/admin/jobs/job/{job_id}/"))

    # As deep as `enqueue` allows, everything is shown.
    assert ("needle" in page) == (depth == 100)


def test_a_job_of_an_unknown_class_cannot_be_run_again(store, boss):
    job_id = put(store, "dead", job_class="gone.Job")

    assert "Enqueue a copy" not in text(boss.get(f"/admin/jobs/job/{job_id}/"))
    assert "No such job class" in messages(again(boss, job_id, [], {}))
