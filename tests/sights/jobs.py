"""Jobs of a shop: most are quick, and two can get into trouble."""

import os
import time
from pathlib import Path

from jobs import Job

#: A supplier whose catalogue never ends.
ENDLESS = 99


class ChargeCardJob(Job):
    def perform(self, order: int) -> None:
        time.sleep(0.02)


class SendReceiptJob(Job):
    """Fails while there is a file of that name."""

    def perform(self, order: int) -> None:
        time.sleep(0.03)
        if Path(os.environ["SIGHTS_FOLDER"], "mail-is-broken").exists():
            raise ConnectionError("SMTP server mail.shop.example refused: 454 TLS not available")


class ImportCatalogueJob(Job):
    queue = "imports"

    def perform(self, supplier: int) -> None:
        time.sleep(3_600 if supplier == ENDLESS else 0.2)


class BuildReportJob(Job):
    queue = "reports"

    def perform(self, month: int) -> None:
        time.sleep(0.05)


class ResizeImageJob(Job):
    queue = "images"

    def perform(self, image: int) -> None:
        time.sleep(0.05)
