"""The numbers of the business: they come from the orders, whatever the jobs say."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from orders.models import Order, Product
from orders.numbers import DAYS, orders_by_day, stuck
from orders.templatetags.duration import duration
from tests.orders.factories import OrderFactory, ProductFactory

pytestmark = pytest.mark.django_db
NUMBERS = "/admin/orders/order/numbers/"


def placed(ago: timedelta, wait: timedelta | None = None, **answers: object) -> Order:
    order, then = OrderFactory.create(**answers), timezone.now() - ago
    charged_at = None if wait is None else then + wait
    Order.objects.filter(pk=order.pk).update(created_at=then, charge_completed_at=charged_at)
    return order


def test_days_are_complete_and_today_is_first():
    placed(timedelta(days=2))

    days = orders_by_day()

    today = timezone.localdate()
    assert [day.day for day in days] == [today - timedelta(days=ago) for ago in range(DAYS)]
    assert [day.placed for day in days] == [0, 0, 1, *[0] * (DAYS - 3)]


def test_day_counts_answers_and_how_long_they_took(django_assert_num_queries):
    ago = timedelta(days=1)
    placed(ago, timedelta(seconds=2), charge_successful=True)
    placed(ago, timedelta(seconds=4), charge_successful=True)
    placed(ago, timedelta(seconds=9), charge_decline_reason="Insufficient funds")
    placed(ago)

    with django_assert_num_queries(1):
        yesterday = orders_by_day()[1]

    assert (yesterday.placed, yesterday.charged, yesterday.declined) == (4, 2, 1)
    assert yesterday.average_wait == timedelta(seconds=5)
    assert yesterday.longest_wait == timedelta(seconds=9)


def test_older_orders_are_left_out():
    placed(timedelta(days=DAYS))

    assert sum(day.placed for day in orders_by_day()) == 0


def test_what_is_stuck_is_said_by_step_and_nothing_else():
    late, early = timedelta(minutes=11), timedelta(minutes=9)
    placed(late)
    placed(late)
    placed(early)
    placed(late, timedelta(0), charge_successful=True, charge_id="ch_1")

    assert [str(each) for each in stuck()] == [
        "2 orders have waited for the charge for more than 10 minutes",
        "1 order has waited for the confirmation for more than 10 minutes",
    ]


def test_page_shows_the_days_and_leads_to_the_stuck_orders(admin_client):
    order = placed(timedelta(minutes=11))
    placed(timedelta(minutes=1))

    page = admin_client.get(NUMBERS).content.decode()
    found = admin_client.get("/admin/orders/order/?stuck=uncharged").context["cl"].queryset

    assert "1 order has waited for the charge for more than 10 minutes" in page
    assert "?stuck=uncharged" in page
    assert [each.pk for each in found] == [order.pk]
    assert NUMBERS in admin_client.get("/admin/orders/order/").content.decode()


def test_page_has_a_trail_that_looks_the_same_under_every_django(admin_client):
    page = admin_client.get(NUMBERS).content.decode()

    assert '<ol class="numbers-crumbs">' in page
    assert 'class="breadcrumbs"' not in page


def test_wide_table_is_scrolled_by_the_keyboard_too(admin_client):
    page = admin_client.get(NUMBERS).content.decode()

    assert '<div class="numbers-scroll" tabindex="0" role="region" aria-label=' in page


def test_page_of_a_shop_without_orders_says_that_all_is_well(admin_client):
    assert "No order is stuck." in admin_client.get(NUMBERS).content.decode()


def test_page_needs_the_permission_to_see_orders(client):
    client.force_login(get_user_model().objects.create_user("clerk", is_staff=True))

    assert client.get(NUMBERS).status_code == 403


def test_sold_is_added_up_from_paid_orders(admin_client):
    product = ProductFactory.create()
    for quantity in (2, 3):
        OrderFactory.create(product=product, quantity=quantity, charge_successful=True)
    OrderFactory.create(product=product)

    assert Product.objects.with_sold().get().sold == 5
    listed = admin_client.get("/admin/orders/product/").content.decode()
    assert '<td class="field-sold">5</td>' in listed


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.84, "0.8 s"), (42, "42 s"), (125, "2 min 5 s"), (7_260, "2 h 1 min"), (None, "–")],
)
def test_duration_is_written_as_people_say_it(seconds, text):
    assert duration(None if seconds is None else timedelta(seconds=seconds)) == text
