"""The schedules of the database, with the pages that the admin has for rows.

A change is mirrored into Redis when it is committed. Where that fails it stands, and people are
told.
"""

import time
from collections.abc import Iterator
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs.admin.access import VIEW_ARGUMENTS, Can
from jobs.admin.entry_form import ScheduleEntryForm
from jobs.admin.pages.schedules import PREVIEW, STATES, written_there
from jobs.errors import InvalidJob, JobsError
from jobs.features.periodic import mirror
from jobs.features.periodic.kept import clock_fields, entry_of_row, schedule_of
from jobs.features.periodic.preview import Tick, preview
from jobs.models import ScheduleEntry
from jobs.queue_access import limits_queues, may_see_queue


class ScheduleEntryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # it takes no type at run time
    """Lists and edits schedules for those who may see jobs and their arguments.

    Rows of queues that somebody may not see are not there for this person.
    """

    form = ScheduleEntryForm
    list_display = ("name", "job_class", "when", "queue", "enabled", "next_run")
    list_filter = ("enabled",)
    search_fields = ("name", "job_class")
    ordering = ("job_class", "name")
    readonly_fields = ("next_runs",)
    fieldsets = (
        (None, {"fields": ("job_class", "name", "enabled")}),
        (
            gettext_lazy("When"),
            {"fields": (("cron", "timezone"), "every_seconds", "next_runs")},
        ),
        (gettext_lazy("Arguments of perform"), {"fields": ("args", "kwargs")}),
        (
            gettext_lazy("Options"),
            {
                "fields": (
                    *("queue", "overlap", "catch_up_seconds", "jitter_seconds", "margin_seconds"),
                )
            },
        ),
    )

    # What is shown

    @admin.display(description=gettext_lazy("when"))
    def when(self, row: ScheduleEntry) -> str:
        """Return the expression with its zone, or the period.

        It is told of a class that is gone, too.
        """
        try:
            return schedule_of(clock_fields(row.cron, row.timezone, row.every_seconds)).when
        except (InvalidJob, TypeError, OverflowError):  # whatever somebody wrote into the table
            return "–"

    @admin.display(description=gettext_lazy("next run"))
    def next_run(self, row: ScheduleEntry) -> str:
        """Return the next tick, or that the row rests.

        It is empty for a row that is off or never ticks again.
        """
        try:
            tick = next(iter(_ticks(row, 1)), None) if row.enabled else None
            return written_there(tick.at) if tick else ""
        except JobsError:
            return str(STATES["resting"][0])

    @admin.display(description=gettext_lazy("Next runs"))
    def next_runs(self, row: ScheduleEntry) -> str | SafeString:
        """Return the next ticks in the schedule's zone, or why there are none."""
        if not row.pk:
            return _("They are shown when it is saved. Save it switched off to look first.")
        try:
            lines = [(written_there(tick.at), _mark(tick)) for tick in _ticks(row, PREVIEW)]
        except JobsError as error:
            return str(error)
        return format_html("<ol>{}</ol>", format_html_join("", "<li>{} {}</li>", lines))

    # Who may do what

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Tell whether somebody may see schedules with their arguments."""
        return super().has_view_permission(request, obj) and _may_see(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Tell whether somebody may make schedules."""
        return super().has_add_permission(request) and _may_see(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Tell whether somebody may change schedules."""
        return super().has_change_permission(request, obj) and _may_see(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Tell whether somebody may delete schedules."""
        return super().has_delete_permission(request, obj) and _may_see(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Tell whether the index shows the app to this user."""
        return super().has_module_permission(request) and _may_see(request)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[ScheduleEntry]":
        """Return the rows of queues that the user of a request may see."""
        rows: QuerySet[ScheduleEntry] = super().get_queryset(request)
        if not limits_queues():
            return rows
        queues = ScheduleEntry.objects.order_by().values_list("queue", flat=True).distinct()
        return rows.filter(queue__in=[each for each in queues if may_see_queue(request.user, each)])

    def get_form(
        self,
        request: HttpRequest,
        obj: Model | None = None,
        change: bool = False,  # noqa: FBT001, FBT002  # as Django calls it
        **kwargs: Any,
    ) -> Any:
        """Return the form, which asks what its user may see."""
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"user": request.user})

    # Changes

    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: "ModelForm[Any]",
        change: bool,  # noqa: FBT001  # as Django calls it
    ) -> None:
        """Save a row, and tell when it is mirrored or why it is not."""
        super().save_model(request, obj, form, change)
        _tell_at_commit(request)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete a row."""
        super().delete_model(request, obj)
        _tell_at_commit(request)

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
        """Delete rows, each with its signals."""
        super().delete_queryset(request, queryset)
        _tell_at_commit(request)


def _may_see(request: HttpRequest) -> bool:
    return Can(request.user).do(VIEW_ARGUMENTS)


def _tell_at_commit(request: HttpRequest) -> None:
    """Tell somebody at the commit where the change could not be mirrored.

    The hook that mirrors it was registered before, by the signal of the row.
    """

    def tell() -> None:
        if failure := mirror.take_failure():
            text = _(
                "The change is saved, but Redis does not know it yet. A worker tells it when Redis "
                "answers again. Until then the schedule ticks as before. %(error)s"
            )
            messages.warning(request, text % {"error": failure})

    transaction.on_commit(tell, using=mirror.alias())


def _ticks(row: ScheduleEntry, count: int) -> Iterator[Tick]:
    """Yield the next ticks of a row, as if it were on.

    Raise JobsError for one that rests. It works without Redis, so that a schedule can be changed
    while that is away.
    """
    return preview(entry_of_row(row).schedule, count, time.time())


def _mark(tick: Tick) -> str:
    return _("(the clocks change on this day)") if tick.is_on_change else ""
