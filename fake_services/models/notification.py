"""An error that was reported to the error catcher.

Its endpoint stores them as they come; nobody is ever notified.
"""

from typing import ClassVar

from fake_services.models.record import Record


class Notification(Record):
    """Keep a reported error."""

    id_prefix: ClassVar = "err_"
    columns: ClassVar = ("Time", "Exception", "Message")

    def cells(self) -> tuple[str, ...]:
        """Return the texts under `columns`."""
        time = self.created_at.strftime("%Y-%m-%d %H:%M:%S %Z")
        return (time, self.text("exception_class"), self.text("exception_message"))
