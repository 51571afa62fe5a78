"""Tests of the router: the border between the fake services' database and the shop's."""

import pytest
from django.contrib.auth.models import Group, User
from django.db import connections, router

from fake_services.models import Behavior, Charge
from fake_services.router import ALIAS


def test_our_models_live_in_our_database() -> None:
    assert router.db_for_read(Charge) == ALIAS
    assert router.db_for_write(Charge) == ALIAS


def test_other_models_do_not() -> None:
    assert router.db_for_read(User) == "default"
    assert router.db_for_write(User) == "default"


def test_each_table_is_made_on_its_own_side_only() -> None:
    places = [
        (database, app) for database in (ALIAS, "default") for app in ("fake_services", "auth")
    ]

    allowed = [place for place in places if router.allow_migrate(*place)]

    assert allowed == [(ALIAS, "fake_services"), ("default", "auth")]


def test_no_relation_crosses_the_border() -> None:
    assert router.allow_relation(Charge(), Behavior())
    assert not router.allow_relation(Charge(), User())
    assert not router.allow_relation(User(), Charge())
    assert router.allow_relation(User(), Group())


@pytest.mark.django_db(databases=[ALIAS])
def test_our_database_holds_our_tables_only() -> None:
    tables = connections[ALIAS].introspection.table_names()

    assert {name for name in tables if not name.startswith("fake_services_")} <= {
        "django_migrations"
    }
    assert "fake_services_charge" in tables
