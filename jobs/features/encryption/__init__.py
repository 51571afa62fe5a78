"""Encryption: arguments of jobs that only the secret key can read.

`encrypted = True` on a job class. The feature uses these doors: an option, the sealer of
`jobs.protection`, and a system check. It needs the extra `django-makeitso[encrypted]`.
"""

from typing import Any

from django.core.checks import register

from jobs.errors import InvalidJob
from jobs.features.encryption.checks import check_extra
from jobs.features.encryption.sealer import ArgumentSealer
from jobs.options import JobOptions, Option, declare_option
from jobs.protection import OPTION, protection


def _fit(job_class: type[Any], value: Any, options: JobOptions) -> None:
    """Raise InvalidJob for a class whose arguments people write into the database."""
    if value and options.others.get("schedulable"):
        raise InvalidJob(
            f"{job_class.__qualname__}: encrypted and schedulable exclude each other: what people "
            "schedule stands as text in the database and in Redis. Keep one of them."
        )


protection.sealer = ArgumentSealer()
declare_option(OPTION, Option(lambda value: isinstance(value, bool), "True or False", _fit))
register(check_extra, "jobs")
