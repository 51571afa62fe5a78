"""The figures of days that are over, and the job that keeps them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from jobs.features.periodic.entries import entries_of
from jobs.occasion import Occasion
from jobs.payload import decode
from jobs.run import run_payload
from orders.closing import close_day, day_before
from orders.jobs import CloseDayJob
from orders.models import DayFigures, Order
from tests.orders.factories import OrderFactory

pytestmark = pytest.mark.django_db


def placed(at: datetime, **answers: object) -> None:
    order = OrderFactory.create(**answers)
    Order.objects.filter(pk=order.pk).update(created_at=at)


def noon(day: int) -> datetime:
    return datetime(2026, 11, day, 12, tzinfo=timezone.get_current_timezone())


def figures(day: int) -> tuple[int, int, int]:
    found = DayFigures.objects.get(day=date(2026, 11, day))
    return found.placed, found.charged, found.declined


def test_day_is_counted_whole_and_no_other():
    placed(noon(20), charge_successful=True)
    placed(noon(20), charge_decline_reason="Insufficient funds")
    placed(noon(20))
    placed(noon(19))
    placed(noon(21))

    close_day(date(2026, 11, 20))

    assert figures(20) == (3, 1, 1)
    assert DayFigures.objects.count() == 1


def test_second_run_counts_the_day_again_and_keeps_one_row():
    close_day(date(2026, 11, 20))
    placed(noon(20))

    close_day(date(2026, 11, 20))

    assert figures(20) == (1, 0, 0)


def test_late_run_closes_the_day_before_its_moment():
    placed(noon(20))
    [entry] = entries_of("orders.CloseDayJob")
    tick = entry.schedule.next_after(round(noon(20).timestamp() * 1000)) or 0
    raw = entry.payload("id", Occasion(entry.name, tick / 1000), tick + 10 * 3_600_000)

    run_payload(decode(raw))

    assert figures(20) == (1, 0, 0)


def test_run_without_a_moment_closes_yesterday():
    CloseDayJob.perform_now()

    assert DayFigures.objects.get().day == timezone.localdate() - timedelta(days=1)


def test_day_before_is_told_in_the_zone_of_the_shop(settings):
    settings.TIME_ZONE = "Asia/Tokyo"

    assert day_before(datetime(2026, 11, 20, 16, tzinfo=UTC)) == date(2026, 11, 20)
