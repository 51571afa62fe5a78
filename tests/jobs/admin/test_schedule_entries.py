"""Schedules that people make, change and delete in the admin."""

from types import SimpleNamespace

import pytest
from django.contrib.admin.models import LogEntry

from jobs import inspect
from jobs.features.periodic import mirror, people
from jobs.models import ScheduleEntry
from jobs.store import Store
from jobs.store.kept_schedules import KeptSchedules
from tests.jobs.admin.conftest import messages, text
from tests.jobs.features.periodic.kept_jobs import CLASS, NAME, PRIVATE, row_of

LIST = "/admin/jobs/scheduleentry/"
ADD = f"{LIST}add/"
RIGHT = {
    "job_class": CLASS,
    "name": "nightly",
    "enabled": "on",
    "cron": "30 2 * * *",
    "timezone": "Europe/Berlin",
    "every_seconds": "",
    "args": '["hello"]',
    "kwargs": "{}",
    "queue": "",
    "overlap": "skip",
    "catch_up_seconds": "3600",
    "jitter_seconds": "0",
    "margin_seconds": "600",
}
MANY = "view_jobs view_job_arguments"

pytestmark = pytest.mark.django_db(transaction=True)


def errors(response):
    """Return what the form says is wrong, by field."""
    form = response.context["adminform"].form
    return {field: " ".join(map(str, found)) for field, found in form.errors.items()}


def post(client, url=ADD, **changes):
    return client.post(url, RIGHT | changes, follow=True)


def test_entry_that_is_saved_is_mirrored_shown_and_logged(boss, store):
    response = post(boss)

    row = ScheduleEntry.objects.get()
    assert (row.queue, row.args, row.timezone) == ("q", '["hello"]', "Europe/Berlin")
    assert set(KeptSchedules(store).home().kept) == {NAME}
    assert response.redirect_chain
    assert "02:30:00 CE" in text(response)
    assert LogEntry.objects.get().object_repr == str(row)
    page = text(boss.get(f"/admin/jobs/schedules/{NAME}/"))
    assert page.count(", 02:30:00 CE") + page.count(", 03:00:00 CEST") == 10
    assert "the database" in page
    assert f"{LIST}{row.pk}/change/" in page
    assert NAME in text(boss.get("/admin/jobs/schedules/"))


def test_entry_that_is_changed_and_deleted_is_mirrored(boss, store):
    post(boss)
    row = ScheduleEntry.objects.get()

    post(boss, f"{LIST}{row.pk}/change/", enabled="", cron="", timezone="", every_seconds="90")
    kept = KeptSchedules(store).home().kept[NAME]
    assert (kept.is_on, '"every": 90' in kept.document) == (False, True)
    assert people.find(NAME, inspect.get_reader()).state == "off"
    assert "switched it off" in text(boss.get(f"/admin/jobs/schedules/{NAME}/"))

    boss.post(f"{LIST}{row.pk}/delete/", {"post": "yes"})
    assert KeptSchedules(store).home().kept == {}


def test_ticked_entries_are_deleted_together(boss, store):
    row_of().save()
    row_of(name="other").save()
    ids = [str(row.pk) for row in ScheduleEntry.objects.all()]

    boss.post(LIST, {"action": "delete_selected", "_selected_action": ids, "post": "yes"})

    assert ScheduleEntry.objects.count() == 0
    assert KeptSchedules(store).home().kept == {}


def test_change_stands_and_is_told_while_redis_is_away(boss, store, monkeypatch):
    away = Store("redis://127.0.0.1:1/0", timeout=0.2)
    monkeypatch.setattr(mirror, "get_client", lambda: SimpleNamespace(store=away))

    told = messages(post(boss))

    assert ScheduleEntry.objects.count() == 1
    assert "The change is saved, but Redis does not know it yet" in told
    mirror.mirror_in_turn(store)
    assert set(KeptSchedules(store).home().kept) == {NAME}


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"cron": "61 * * * *"}, "cron", "first field is the minute, and '61' is none"),
        ({"cron": "* * * * * *"}, "cron", "It has 6 fields"),
        ({"cron": "0 0 30 2 *"}, "cron", "never comes in the month"),
        ({"cron": ""}, "cron", "one of the two"),
        ({"every_seconds": "60"}, "cron", "one of the two"),
        ({"cron": "", "every_seconds": "0"}, "every_seconds", "from 1 to"),
        ({"cron": "", "every_seconds": "9999999999999"}, "every_seconds", "from 1 to"),
        ({"cron": "", "every_seconds": "1.5"}, "every_seconds", "whole number"),
        ({"timezone": "Europe/Nowhere"}, "timezone", "Enter a name such as Europe/Berlin"),
        ({"timezone": "../../etc/passwd"}, "timezone", "There is no time zone"),
        ({"args": "[1, 2, 3]"}, "args", "too many positional arguments"),
        ({"args": '{"a": 1}'}, "args", "Enter a list"),
        ({"args": "[" * 5_000}, "args", ""),
        ({"args": "[1e999]"}, "args", "JSON has no such number"),
        ({"args": f"[{10**30}]"}, "args", "64 bits"),
        ({"args": '["\\ud800"]'}, "args", "no valid Unicode"),
        ({"kwargs": '{"colour": 1}'}, "args", "unexpected keyword argument"),
        ({"kwargs": '{"api_token": "abc"}'}, "args", "looks like a secret"),
        ({"args": '["https://me:hunter2@host/"]'}, "args", "looks like a secret"),
        ({"args": f'["{"x" * 2_300_000}"]'}, "args", "MAX_PAYLOAD_BYTES"),
        ({"args": f'["{"x" * 5_000}"]'}, "args", "Store them and pass a key"),
        ({"name": "a b"}, "name", "such as nightly"),
        ({"name": "a:b"}, "name", "such as nightly"),
        ({"queue": "no queue"}, "queue", "queue must be 1 to 100"),
        ({"overlap": "never"}, "overlap", "Select a valid choice"),
        ({"catch_up_seconds": "99999999999999"}, "catch_up_seconds", "at most 100 years"),
        ({"jitter_seconds": "-1"}, "jitter_seconds", "greater than or equal to 0"),
        ({"job_class": PRIVATE}, "job_class", "Select a valid choice"),
        ({"job_class": "os.system"}, "job_class", "Select a valid choice"),
    ],
)
def test_mistake_is_named_with_its_remedy_and_nothing_is_saved(boss, store, changes, field, told):
    response = post(boss, **changes)

    assert response.status_code == 200
    assert told in errors(response)[field]
    assert ScheduleEntry.objects.count() == 0
    assert KeptSchedules(store).home().kept == {}


@pytest.mark.parametrize(
    ("language", "told"),
    [("de", "Das erste Feld ist die Minute"), ("fr", "Le premier champ est la minute")],
)
def test_mistake_in_an_expression_is_told_in_the_language_in_use(boss, settings, language, told):
    settings.LANGUAGE_CODE = language

    assert told in errors(post(boss, cron="61 * * * *"))["cron"]


@pytest.mark.parametrize("job_class", [CLASS, "shop.GoneJob"])
def test_list_tells_a_period_in_words_even_of_a_class_that_is_gone(boss, job_class):
    row_of(job_class=job_class, every_seconds=86_400).save()

    page = text(boss.get(LIST))

    assert "every day" in page
    assert "86400" not in page
    assert ("resting" in page) == (job_class != CLASS)


@pytest.mark.parametrize("wrong", [{"every_seconds": 10**18}, {"cron": "x", "every_seconds": None}])
def test_list_stands_whatever_the_table_holds(boss, wrong):
    row_of(**wrong).save()

    assert '<td class="field-when">–</td>' in text(boss.get(LIST))


def test_page_says_that_a_class_is_gone_and_what_to_do(boss, store):
    row_of(job_class="shop.GoneJob").save()

    page = text(boss.get("/admin/jobs/schedules/shop.GoneJob:db.nightly/"))

    assert "The code here has no job class shop.GoneJob." in page
    assert "delete the schedule in the admin" in page
    assert "retry the job" not in page


def test_second_entry_of_one_name_is_refused(boss):
    post(boss)

    assert "already exists" in errors(post(boss))["__all__"]


def test_number_of_entries_is_bounded(boss, monkeypatch):
    monkeypatch.setattr("jobs.admin.entry_form.MOST_ENTRIES", 1)
    post(boss)

    assert "Delete one that nobody needs" in errors(post(boss, name="second"))["__all__"]
    row = ScheduleEntry.objects.get()
    post(boss, f"{LIST}{row.pk}/change/", name="renamed")
    assert ScheduleEntry.objects.get().name == "renamed"


def test_class_that_is_marked_no_more_cannot_be_saved_again_but_is_not_swapped(boss):
    row = row_of(job_class=PRIVATE)
    row.save()
    url = f"{LIST}{row.pk}/change/"

    page = text(boss.get(url))
    assert f'<option value="{PRIVATE}" selected>' in page
    assert "may not be scheduled by people" in page
    assert "lets nobody schedule" in errors(post(boss, url, job_class=PRIVATE))["job_class"]
    assert "lacks the option" in text(boss.get(f"/admin/jobs/schedules/{PRIVATE}:db.nightly/"))


@pytest.mark.parametrize(
    ("rights", "may"),
    [
        (MANY, {}),
        (f"{MANY} view_scheduleentry", {"view"}),
        (f"{MANY} view_scheduleentry add_scheduleentry", {"view", "add"}),
        (f"{MANY} view_scheduleentry change_scheduleentry", {"view", "change"}),
        (f"{MANY} view_scheduleentry delete_scheduleentry", {"view", "delete"}),
        ("view_jobs view_scheduleentry add_scheduleentry change_scheduleentry", {}),
        ("view_job_arguments add_scheduleentry change_scheduleentry delete_scheduleentry", {}),
    ],
)
def test_each_change_needs_its_permission(log_in, rights, may):
    client = log_in(*rights.split())
    row = row_of()
    row.save()

    assert client.get(LIST).status_code == (200 if may else 403)
    assert (post(client, name="second").status_code == 200) == ("add" in may)
    post(client, f"{LIST}{row.pk}/change/", name="third")
    client.post(f"{LIST}{row.pk}/delete/", {"post": "yes"})

    names = {row.name for row in ScheduleEntry.objects.all()}
    assert ("second" in names) == ("add" in may)
    assert ("third" in names) == ("change" in may)
    assert bool({"nightly", "third"} & names) == ("delete" not in may)


def sees_mine(user, queue):
    """Let everybody see one queue."""
    return queue == "mine"


def test_rows_of_queues_out_of_sight_are_not_there(boss, settings):
    settings.JOBS = {**settings.JOBS, "QUEUE_ACCESS": f"{__name__}.sees_mine"}
    row = row_of()
    row.save()
    row_of(name="seen", queue="mine").save()

    assert "seen" in text(boss.get(LIST))
    assert "nightly" not in text(boss.get(LIST))
    assert boss.get(f"{LIST}{row.pk}/change/").status_code == 302
    assert "You may not use the queue" in errors(post(boss, name="third"))["queue"]
    assert NAME not in text(boss.get("/admin/jobs/schedules/"))


def test_list_offers_to_add_only_where_a_class_can_be_scheduled(boss, monkeypatch):
    assert "Add a schedule" in text(boss.get("/admin/jobs/schedules/"))

    monkeypatch.setattr("jobs.admin.pages.schedules.schedulable_classes", list)
    assert "Add a schedule" not in text(boss.get("/admin/jobs/schedules/"))


def test_pages_stand_without_redis(boss, settings):
    settings.JOBS = {**settings.JOBS, "REDIS_URL": "redis://127.0.0.1:1/0"}
    row = row_of()
    row.save()

    assert boss.get(LIST).status_code == boss.get(f"{LIST}{row.pk}/change/").status_code == 200
