"""Tests of the misbehavior that is switched in the browser.

What it reaches, when, and how long it lasts.
"""

import pytest
from django.test import Client

from fake_services.models import Behavior, Email
from fake_services.models.behavior import What, When
from tests.fake_services.caller import AtOnce, Caller
from tests.fake_services.sample_requests import (
    CHARGE,
    NOTIFY,
    SAMPLE_REQUESTS,
    SEND_EMAIL,
    SampleRequest,
)

pytestmark = pytest.mark.django_db(databases=["fake_services"])

all_services = pytest.mark.parametrize("sample", SAMPLE_REQUESTS, ids=str)
HEALTHY = {"throttle": False, "crash": False, "sleep_seconds": 0, "remaining_requests": None}
SEARCH = "email/emails?email=pat@example.com&template_id=order-confirmation"


def switch(slug: str, **switches: object) -> None:
    Behavior.objects.create(service=slug, **switches)


@all_services
def test_throttled_service_does_nothing(call: Caller, sample: SampleRequest) -> None:
    switch(sample.slug, throttle=True)

    assert call.sample(sample).status_code == 429
    assert not sample.record.everything().exists()


@all_services
def test_throttle_comes_before_the_work_even_when_a_crash_comes_after_it(
    call: Caller, sample: SampleRequest
) -> None:
    switch(sample.slug, throttle=True, crash=True, when=When.AFTER)

    assert call.sample(sample).status_code == 429
    assert not sample.record.everything().exists()


@all_services
def test_crash_before_the_work_leaves_nothing(call: Caller, sample: SampleRequest) -> None:
    switch(sample.slug, crash=True, when=When.BEFORE)

    assert call.sample(sample).status_code in {503, 504}
    assert not sample.record.everything().exists()


@all_services
def test_crash_after_the_work_loses_only_the_answer(call: Caller, sample: SampleRequest) -> None:
    switch(sample.slug, crash=True, when=When.AFTER)

    answer = call.sample(sample)

    assert answer.status_code == 503
    assert answer.json() == {"error": "crashed after the work"}
    assert sample.record.everything().count() == 1


@all_services
def test_answer_lost_can_be_asked_for_again_with_the_same_key(
    call: Caller, sample: SampleRequest
) -> None:
    keyed = {**sample.body, "metadata": {"idempotency_key": "key-44"}}
    switch(sample.slug, crash=True, when=When.AFTER, remaining_requests=1)

    lost = call(sample.method, sample.path, keyed)
    answered = call(sample.method, sample.path, keyed)

    assert (lost.status_code, answered.status_code) == (503, sample.status)
    has_keys = sample.slug in {"payments", "fulfillment", "social"}
    assert sample.record.everything().count() == (1 if has_keys else 2)


@all_services
def test_slow_service_sleeps_and_then_does_the_work(
    call: Caller, naps: list[float], sample: SampleRequest
) -> None:
    switch(sample.slug, sleep_seconds=7)

    assert call.sample(sample).status_code == sample.status
    assert naps == [7]


def test_sleep_combines_with_a_crash(call: Caller, naps: list[float]) -> None:
    switch("payments", sleep_seconds=7, crash=True)

    assert call.sample(CHARGE).status_code in {503, 504}
    assert naps == [7]


def test_switch_and_header_add_up(call: Caller, naps: list[float]) -> None:
    switch("payments", throttle=True)

    answer = call.sample(CHARGE, {"X-Be-Slow": "2"})

    assert (answer.status_code, naps) == (429, [2.0])


def test_one_service_misbehaves_while_the_others_do_not(call: Caller) -> None:
    switch("payments", throttle=True)

    assert call.sample(NOTIFY).status_code == 202


def test_writes_only_leaves_the_search_alone(call: Caller) -> None:
    switch("email", crash=True, throttle=True, what=What.WRITES)

    assert call("GET", SEARCH).status_code == 200
    assert call.sample(SEND_EMAIL).status_code == 429
    assert call("DELETE", "email/emails").status_code == 429


def test_everything_reaches_the_search_too(call: Caller) -> None:
    switch("email", crash=True, what=What.EVERYTHING)

    assert call("GET", SEARCH).status_code in {503, 504}


def test_email_that_crashes_by_default_is_sent_and_found(call: Caller, client: Client) -> None:
    form = client.get("/fake/behaviors/email/edit").context["form"]
    client.post(
        "/fake/behaviors/email/edit", {**form.initial, "crash": "on", "remaining_requests": ""}
    )

    answer = call.sample(SEND_EMAIL)

    assert answer.status_code == 503
    assert Email.objects.count() == 1
    assert len(call("GET", SEARCH).json()) == 1


@all_services
def test_only_the_next_n_requests_misbehave(call: Caller, sample: SampleRequest) -> None:
    switch(sample.slug, throttle=True, remaining_requests=2)

    statuses = [call.sample(sample).status_code for _ in range(4)]

    assert statuses == [429, 429, sample.status, sample.status]


def test_requests_that_are_spared_are_not_counted(call: Caller) -> None:
    switch("email", throttle=True, what=What.WRITES, remaining_requests=1)

    call("GET", SEARCH)
    call("GET", "email/status")
    call.raw("POST", "email/send", "{")

    assert Behavior.objects.get().remaining_requests == 1


def test_well_behaved_service_counts_nothing(call: Caller) -> None:
    switch("payments", remaining_requests=1)

    call.sample(CHARGE)

    assert Behavior.objects.get().remaining_requests == 1


def test_spent_misbehavior_is_over_and_does_not_come_back_with_the_form(
    call: Caller, client: Client
) -> None:
    switch("payments", throttle=True, sleep_seconds=0, remaining_requests=1)
    call.sample(CHARGE)

    form = client.get("/fake/behaviors/payments/edit").context["form"]

    assert call("GET", "payments/status").json().items() >= HEALTHY.items()
    assert form.initial.items() >= HEALTHY.items()


@pytest.mark.django_db(transaction=True, databases=["fake_services"])
def test_countdown_is_exact_however_many_requests_arrive_at_once(
    call: Caller, at_once: AtOnce
) -> None:
    switch("error-catcher", throttle=True, remaining_requests=3)

    answers = at_once(8, lambda: call.sample(NOTIFY))

    assert sorted(answer.status_code for answer in answers) == [202] * 5 + [429] * 3


@all_services
def test_status_of_a_service_at_its_worst_is_200_and_says_how_it_behaves(
    call: Caller, naps: list[float], sample: SampleRequest
) -> None:
    switch(
        sample.slug,
        throttle=True,
        crash=True,
        when=When.AFTER,
        sleep_seconds=9,
        remaining_requests=1,
    )

    answer = call(
        "GET",
        f"{sample.slug}/status",
        headers={"X-Throttle": "true", "X-Crash": "true", "X-Be-Slow": "true"},
    )

    assert answer.status_code == 200
    assert naps == []
    expected = {
        "throttle": True,
        "crash": True,
        "when": "after",
        "what": "everything",
        "sleep_seconds": 9,
        "remaining_requests": 1,
    }
    assert answer.json().items() >= expected.items()


@all_services
def test_status_of_a_service_that_was_never_switched_says_it_is_healthy(
    call: Caller, sample: SampleRequest
) -> None:
    answer = call("GET", f"{sample.slug}/status")

    assert answer.status_code == 200
    assert answer.json().items() >= HEALTHY.items()
    email_or_not = ("after", "writes") if sample.slug == "email" else ("before", "everything")
    assert (answer.json()["when"], answer.json()["what"]) == email_or_not


def test_switch_that_does_not_exist_is_refused_and_those_that_do_are_named(call: Caller) -> None:
    # {"crash": true, "remaining": 1} would crash for ever.
    answer = call("PUT", "payments/behavior", {"crash": True, "remaining": 1})

    assert answer.status_code == 422
    assert answer.json()["error"].startswith("no such switch: remaining; try throttle, crash,")
    assert not Behavior.objects.exists()
