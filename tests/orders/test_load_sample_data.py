"""Tests of the sample data."""

from io import StringIO

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command

from orders.models import Customer, Product

pytestmark = pytest.mark.django_db


def load() -> str:
    output = StringIO()
    call_command("load_sample_data", stdout=output)
    return output.getvalue()


def test_shop_gets_a_customer_and_four_products():
    load()

    assert Customer.objects.get().email == "pat@example.com"
    assert set(Product.objects.values_list("name", "quantity_remaining", "price_cents")) == {
        ("Flux Capacitor", 100, 123_00),
        ("Self-sealing Stembolt", 4, 5_678_00),
        ("Graviton Emitter", 32, 765_99),
        ("Thopter Cleaning Fluid", 1_000, 12_44),
    }


def test_second_load_changes_nothing():
    load()
    Product.objects.filter(name="Flux Capacitor").update(
        name="FLUX CAPACITOR", quantity_remaining=7
    )

    load()

    assert Customer.objects.count() == 1
    assert Product.objects.count() == 4
    assert Product.objects.get(name="FLUX CAPACITOR").quantity_remaining == 7


def test_development_gets_an_administrator_once(settings):
    settings.DEBUG = True

    first, second = load(), load()

    assert "as admin with the password admin" in first
    assert "password" not in second
    assert get_user_model().objects.get().check_password("admin")


def test_production_gets_no_administrator(settings):
    settings.DEBUG = False

    load()

    assert not get_user_model().objects.exists()
