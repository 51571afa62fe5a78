"""Tests of the pages for people: index, records, the form that switches behavior."""

import pytest
from django.test import Client
from django.urls import reverse

from fake_services.models import Behavior
from tests.fake_services.caller import Caller
from tests.fake_services.sample_requests import (
    CHARGE,
    NOTIFY,
    SAMPLE_REQUESTS,
    SEND_EMAIL,
    SampleRequest,
)

pytestmark = pytest.mark.django_db(databases=["fake_services"])

all_services = pytest.mark.parametrize("sample", SAMPLE_REQUESTS, ids=str)
COLUMNS = {
    "payments": ["Customer Id", "Amount Cents", "Status", "Charge Id", "Metadata"],
    "email": ["To", "Template Id", "Email Id", "Template Data"],
    "fulfillment": ["Customer Id", "Address", "Status", "Request Id", "Metadata"],
    "error-catcher": ["Time", "Exception", "Message"],
    "social": ["Author", "Text", "Post Id", "Metadata"],
}
TITLES = {
    "payments": ("Payments", "Charges"),
    "email": ("Email", "Emails"),
    "fulfillment": ("Mock Fulfillment Service", "Fulfillment Requests"),
    "error-catcher": ("Mock Error Catcher", "Notifications"),
    "social": ("Social", "Posts"),
}
#: What the shop calls each service, in words and in its URLs; it does not use the social service.
SHOP_NAMES = {
    "payments": ("Payments", "payments"),
    "email": ("Email", "email"),
    "fulfillment": ("Order Fulfillment", "order-fulfillment"),
    "error-catcher": ("Error Catcher", "error-catcher"),
    "social": ("Social", ""),
}


def text_of(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


@all_services
def test_index_links_to_the_page_and_the_switches_of_each_service(
    client: Client, sample: SampleRequest
) -> None:
    text = text_of(client, "/fake/")

    assert f'href="/fake/{sample.slug}/ui"' in text
    assert f'href="/fake/behaviors/{sample.slug}/edit"' in text


@all_services
def test_empty_table_has_its_columns_and_says_none_yet_across_them(
    client: Client, sample: SampleRequest
) -> None:
    text = text_of(client, f"/fake/{sample.slug}/ui")

    title, subtitle = TITLES[sample.slug]
    assert f'<h1 class="page-title">{title}</h1>' in text
    assert f'<p class="page-subtitle">{subtitle}</p>' in text
    assert "".join(f'<th scope="col">{column}</th>' for column in COLUMNS[sample.slug]) in text
    assert f'colspan="{len(COLUMNS[sample.slug])}">NONE YET<' in text


def test_wide_table_is_scrolled_by_the_keyboard_too(client: Client) -> None:
    page = text_of(client, "/fake/payments/ui")

    assert '<div class="card fake-scroll" tabindex="0" role="region" aria-label="Charges">' in page


@all_services
def test_table_lists_ids_newest_first(call: Caller, client: Client, sample: SampleRequest) -> None:
    for _ in range(2):
        call.sample(sample)
    older, newer = (record.cells() for record in sample.record.everything().order_by("pk"))

    answer = client.get(f"/fake/{sample.slug}/ui")

    assert answer.context["rows"] == [newer, older]
    assert "NONE YET" not in answer.content.decode()


def test_declined_charge_is_listed_without_an_id(call: Caller, client: Client) -> None:
    call("POST", "payments/charge", {**CHARGE.body, "amount_cents": 9999})

    rows = client.get("/fake/payments/ui").context["rows"]

    assert rows == [("cust_0123456789abcdef", "9999", "declined", "", '{"order_id": 44}')]


def test_values_are_escaped(call: Caller, client: Client) -> None:
    call(
        "PUT",
        "error-catcher/notification",
        {**NOTIFY.body, "exception_message": "<script>alert(1)</script>"},
    )

    text = text_of(client, "/fake/error-catcher/ui")

    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_long_table_has_pages_the_newest_first(
    call: Caller, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fake_services.pages.ROWS_PER_PAGE", 2)
    for _ in range(3):
        call.sample(SEND_EMAIL)

    first, last = (text_of(client, f"/fake/email/ui?page={page}") for page in (1, 2))

    assert "Page 1 of 2" in first
    assert 'href="?page=2"' in first
    assert 'href="?page=1"' in last
    assert (first.count(">em_"), last.count(">em_")) == (2, 1)


@pytest.mark.parametrize(
    ("asked", "shown"), [("?rows=2", 2), ("?rows=9999999", 3), ("?rows=x", 3), ("?page=99", 3)]
)
def test_address_may_say_how_long_a_page_is(call: Caller, client: Client, asked, shown) -> None:
    for _ in range(3):
        call.sample(SEND_EMAIL)

    assert len(client.get(f"/fake/email/ui{asked}").context["rows"]) == shown


@all_services
def test_pages_are_never_affected(client: Client, naps: list[float], sample: SampleRequest) -> None:
    Behavior.objects.create(
        service=sample.slug, throttle=True, crash=True, sleep_seconds=9, remaining_requests=1
    )
    orders = {"X-Throttle": "true", "X-Crash": "true", "X-Be-Slow": "true"}

    for url in ("", f"{sample.slug}/ui", f"behaviors/{sample.slug}/edit"):
        assert client.get(f"/fake/{url}", headers=orders).status_code == 200

    assert naps == []
    assert Behavior.objects.get().remaining_requests == 1


def test_pages_tell_who_misbehaves(client: Client) -> None:
    Behavior.objects.create(
        service="payments", crash=True, sleep_seconds=9, what="writes", remaining_requests=1
    )

    text = text_of(client, "/fake/payments/ui")

    assert "behaves well" not in text
    for fault in ("crashes before the work", "sleeps 9 s", "writes only", "requests left: 1"):
        assert fault in text


@all_services
def test_form_has_the_words_of_the_specification(client: Client, sample: SampleRequest) -> None:
    title, _ = SHOP_NAMES[sample.slug]

    text = text_of(client, reverse("fake_services:edit_behavior", args=[sample.slug]))

    assert f"Simulate {title} Behavior</h1>" in text
    assert ">Make it behave badly</p>" in text
    for label in (
        "Throttle?",
        "Crash?",
        "When",
        "What",
        "Time out after (seconds)",
        "Only the next N requests",
    ):
        assert f">{label}</label>" in text
    assert f">Update {title}</button>" in text


@all_services
def test_update_is_stored_and_returns_to_where_it_is_shown(
    client: Client, sample: SampleRequest
) -> None:
    _, name = SHOP_NAMES[sample.slug]
    form = {
        "throttle": "on",
        "crash": "on",
        "when": "after",
        "what": "writes",
        "sleep_seconds": "5",
    }

    answer = client.post(f"/fake/behaviors/{sample.slug}/edit", {**form, "remaining_requests": "3"})

    assert answer.status_code == 302
    block_of_the_shop = f"/?updated_service={name}&open={name}"
    assert answer["Location"] == (block_of_the_shop if name else f"/fake/{sample.slug}/ui")
    assert Behavior.objects.get(pk=sample.slug).as_json() == {
        "throttle": True,
        "crash": True,
        "when": "after",
        "what": "writes",
        "sleep_seconds": 5,
        "remaining_requests": 3,
    }


def test_second_update_replaces_the_first(client: Client) -> None:
    form = {"when": "before", "what": "everything", "sleep_seconds": "0", "remaining_requests": ""}

    client.post(
        "/fake/behaviors/payments/edit", {**form, "throttle": "on", "remaining_requests": "3"}
    )
    client.post("/fake/behaviors/payments/edit", form)

    behavior = Behavior.objects.get()
    assert not behavior.throttle
    assert behavior.remaining_requests is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"sleep_seconds": "-1"},
        {"sleep_seconds": "301"},
        {"sleep_seconds": "x"},
        {"remaining_requests": "0"},
        {"when": "x"},
    ],
    ids=str,
)
def test_wrong_value_is_named_and_nothing_is_stored(client: Client, wrong: dict) -> None:
    form = {"when": "before", "what": "everything", "sleep_seconds": "0", "remaining_requests": ""}

    answer = client.post("/fake/behaviors/payments/edit", {**form, **wrong})

    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == list(wrong)
    assert not Behavior.objects.exists()


@pytest.mark.parametrize("url", ["/fake/behaviors/payments/edit", "/fake/reset"])
def test_forms_need_a_csrf_token(url: str) -> None:
    assert Client(enforce_csrf_checks=True).post(url).status_code == 403


@pytest.mark.parametrize(
    "url", ["/fake/behaviors/weather/edit", "/fake/weather/status", "/fake/payments/nothing"]
)
def test_unknown_service_or_url_is_not_found(client: Client, url: str) -> None:
    assert client.get(url).status_code == 404
