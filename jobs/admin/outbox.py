"""The rows of the outbox, to be looked at."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy

from jobs.admin.access import VIEW_ARGUMENTS, Can
from jobs.errors import InvalidPayload
from jobs.models import OutboxEntry
from jobs.outbox import outbox
from jobs.payload import decode
from jobs.queue_access import limits_queues, may_see_queue

#: What is shown of a row. Its payload is not, as arguments may be secrets.
SHOWN = ("job_class", "job_id", "queue", "age", "attempts", "next_at")


class OutboxEntryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # it takes no type at run time
    """Lists rows for those who may see jobs. Nobody changes one here.

    Rows of queues that somebody may not see are not there for this person.
    """

    list_display_links = None
    ordering = ("pk",)
    search_fields = ("job_id",)
    show_full_result_count = False
    readonly_fields = ("job_class", "age")

    @admin.display(description=gettext_lazy("job class"))
    def job_class(self, row: OutboxEntry) -> str:
        """Return the class of the job, empty where the payload cannot be read."""
        try:
            return decode(row.payload.encode()).job_class
        except InvalidPayload:
            return ""

    @admin.display(description=gettext_lazy("waits since"), ordering="created_at")
    def age(self, row: OutboxEntry) -> str:
        """Return how long the job has waited."""
        return timesince(row.created_at)

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """Return the columns. Errors may quote arguments, so not everybody sees them."""
        return (*SHOWN, "error") if Can(request.user).do(VIEW_ARGUMENTS) else SHOWN

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Return what the page of one row shows: the same."""
        return self.get_list_display(request)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        """Return the rows of queues that the user of a request may see."""
        rows: QuerySet[Any] = super().get_queryset(request)
        if not limits_queues():
            return rows
        queues = rows.order_by().values_list("queue", flat=True).distinct()
        return rows.filter(queue__in=[each for each in queues if may_see_queue(request.user, each)])

    # Who may do what

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Tell whether somebody may see jobs."""
        return Can(request.user).do()

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Tell whether the index shows the app to this user."""
        return Can(request.user).do()

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        """Return what the index goes by.

        It has no line for an outbox that nobody uses.
        """
        return super().get_model_perms(request) if outbox.is_used else {}

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Tell that nobody adds a row."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Tell that nobody changes a row."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Tell that nobody deletes a row: its job would be lost."""
        return False
