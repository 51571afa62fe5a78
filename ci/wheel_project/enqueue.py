"""Enqueue jobs that end in each way, as a web process would."""

import django

django.setup()

from shop.jobs import InvoiceJob  # type: ignore[import-not-found]  # noqa: E402
from shop.middleware import tenant  # type: ignore[import-not-found]  # noqa: E402

tenant.set("acme")
InvoiceJob.enqueue_many([(number,) for number in range(1, 11)])
tenant.set("trial")
InvoiceJob.enqueue(11)
tenant.set(None)
InvoiceJob.enqueue(12)
