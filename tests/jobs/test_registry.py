"""The registry: job classes by the names under which their jobs are stored."""

import pytest
from django.apps import apps

from jobs import Job
from jobs.errors import InvalidJob, UnknownJob
from jobs.registry import Registry, registry
from orders.jobs import CompleteOrderJob


def make(name, module):
    return type(name, (), {"__module__": module, "__qualname__": name})


@pytest.fixture
def own():
    return Registry()


def test_class_of_an_app_is_named_after_it():
    assert registry.name_of(CompleteOrderJob) == "orders.CompleteOrderJob"
    assert registry.find("orders.CompleteOrderJob") is CompleteOrderJob


def test_job_classes_of_all_apps_were_found():
    assert "orders.RequestOrderFulfillmentJob" in registry.names()
    assert registry.names() == sorted(registry.names())


def test_class_outside_of_any_app_is_named_after_its_module(own):
    own.add(make("SyncJob", "scripts.sync"))

    assert own.names() == ["scripts.sync.SyncJob"]


def test_class_in_a_module_below_the_app_belongs_to_it(own):
    own.add(make("SyncJob", "orders.deep.inside"))

    assert own.names() == ["orders.SyncJob"]


def test_unknown_name_says_what_to_do():
    with pytest.raises(
        UnknownJob, match=r"No such job class: shop.GoneJob. Deploy the code"
    ) as raised:
        registry.find("shop.GoneJob")

    assert raised.value.name == "shop.GoneJob"


def test_two_classes_of_one_name_are_refused_with_both_places(own):
    own.add(make("SyncJob", "orders.one"))

    with pytest.raises(InvalidJob) as raised:
        own.add(make("SyncJob", "orders.two"))

    assert "orders.one.SyncJob" in str(raised.value)
    assert "orders.two.SyncJob" in str(raised.value)


def test_refused_class_takes_nobodys_place(own):
    first = make("SyncJob", "orders.one")
    own.add(first)
    with pytest.raises(InvalidJob):
        own.add(make("SyncJob", "orders.two"))

    own.add(make("OtherJob", "orders.two"))

    assert own.find("orders.SyncJob") is first
    assert own.names() == ["orders.OtherJob", "orders.SyncJob"]


def test_class_defined_again_replaces_itself(own):
    own.add(make("SyncJob", "orders.one"))
    again = make("SyncJob", "orders.one")

    own.add(again)

    assert own.find("orders.SyncJob") is again


def test_name_is_settled_when_the_apps_are_ready(own, monkeypatch):
    monkeypatch.setattr(apps, "apps_ready", False)
    early = make("SyncJob", "orders.one")
    own.add(early)
    monkeypatch.setattr(apps, "apps_ready", True)

    assert own.find("orders.SyncJob") is early
    assert own.name_of(early) == "orders.SyncJob"


def test_base_without_perform_is_not_registered():
    class NeverPerformsJob(Job):
        queue = "low"

    assert not [name for name in registry.names() if name.endswith("NeverPerformsJob")]


def test_class_may_have_a_name_of_its_own(own):
    own.add(named := make("SyncJob", "scripts.sync"), "scripts.sync_all")

    assert own.find("scripts.sync_all") is named
    assert own.name_of(named) == "scripts.sync_all"
    with pytest.raises(UnknownJob):
        own.find("scripts.sync.SyncJob")


def test_others_are_asked_for_names_that_are_not_known(own):
    asked = []

    def find(name):
        asked.append(name)
        if name == "made.up":
            own.add(made := make("up", "made"), name)
            return made
        return None

    own.ask_also(find)
    own.ask_also(find)

    assert own.find("made.up") is own.find("made.up")
    with pytest.raises(UnknownJob):
        own.find("made.down")
    assert asked == ["made.up", "made.down"]
