"""Tests of the order form: what it offers and what it says."""

import pytest

from orders.forms import OrderForm
from orders.models import Order
from tests.orders.factories import CustomerFactory, ProductFactory

pytestmark = pytest.mark.django_db


def form_with(**data) -> OrderForm:
    return OrderForm(data, instance=Order(customer=CustomerFactory.create()))


def test_products_in_stock_are_offered_by_name_with_price_and_stock():
    ProductFactory.create(name="Stembolt", price_cents=123_00, quantity_remaining=4)
    ProductFactory.create(name="Capacitor")
    ProductFactory.create(name="Banned Substance", not_available=True)

    html = str(OrderForm()["product"])

    assert html.index("-- Choose Product --") < html.index("Capacitor") < html.index("Stembolt")
    assert 'data-price-cents="12300" data-left="4">Stembolt' in html
    assert "Banned Substance" not in html


def test_no_field_asks_the_browser_to_stop_an_empty_form():
    assert " required" not in OrderForm().as_p()


def test_empty_form_speaks_in_sentences_and_never_of_the_customer():
    assert form_with(product="", quantity="", email="", address="").sentences == [
        "Product must exist",
        "Quantity can't be blank",
        "Email can't be blank",
        "Address can't be blank",
    ]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"product": "999999"}, "Product must exist"),
        ({"product": "nonsense"}, "Product must exist"),
        ({"quantity": "many"}, "Quantity is not a whole number"),
        ({"quantity": "0"}, "Quantity must be greater than 0"),
        ({"quantity": "-1"}, "Quantity must be greater than 0"),
        ({"quantity": "11"}, "Quantity is more than what is in stock"),
        ({"email": "kira"}, "Email is not a valid address"),
        ({"address": "  "}, "Address can't be blank"),
    ],
)
def test_each_mistake_is_one_sentence(changes, sentence):
    product = ProductFactory.create(quantity_remaining=10)
    good = {
        "product": product.pk,
        "quantity": "1",
        "email": "kira@example.com",
        "address": "Deck 7",
    }

    assert form_with(**good).sentences == []
    assert form_with(**{**good, **changes}).sentences == [sentence]


def test_shop_without_its_customer_is_not_open():
    assert (
        "The shop is not open yet: run manage.py load_sample_data"
        in OrderForm({}, instance=Order()).sentences
    )
