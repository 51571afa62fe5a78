"""Encrypted jobs where `cryptography` is not installed."""

import sys

import pytest

from jobs.errors import ConfigurationError
from jobs.features.encryption import sealer
from tests.jobs.features.encryption.encrypted_jobs import PlainJob, SecretJob, seen
from tests.jobs.worker.code_jobs import run_until_settled
from tests.jobs.worker.made_jobs import payload_of, place_of


@pytest.fixture
def without_package(monkeypatch):
    """Return what makes the package impossible to import from now on."""

    def hide() -> None:
        for name in [each for each in sys.modules if each.partition(".")[0] == "cryptography"]:
            monkeypatch.setitem(sys.modules, name, None)
        sealer._main_keys.cache_clear()

    yield hide
    sealer._main_keys.cache_clear()


def test_enqueue_names_the_remedy_and_other_jobs_go_on(store, without_package):
    without_package()

    with pytest.raises(ConfigurationError, match=r"django-makeitso\[encrypted\]"):
        SecretJob.enqueue(1)
    assert PlainJob.enqueue(1).id


def test_worker_parks_such_a_job_with_the_remedy(store, worker, without_package):
    job_id = SecretJob.enqueue(1).id
    without_package()

    run_until_settled(store, worker, job_id)

    parked = payload_of(store, job_id)
    assert (seen, place_of(store, job_id)) == ([], "dead")
    assert "django-makeitso[encrypted]" in parked.errors[-1]["message"]
    assert parked.sealed
