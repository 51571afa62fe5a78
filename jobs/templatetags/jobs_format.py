"""Writes numbers, times and sizes for the control room, in the reader's language."""

from datetime import UTC, datetime
from typing import TypeGuard

from django import template
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from jobs.text import written

register = template.Library()
MINUTE, HOUR, DAY = 60, 3600, 86400


@register.filter
def number(value: float, decimals: int = 0) -> str:
    """Write a number with the separators of the language: 12,345."""
    rounded = round(value, decimals) if decimals else value
    return number_format(rounded, decimal_pos=decimals, use_l10n=True, force_grouping=True)


@register.filter
def short(count: int) -> str:
    """Write a large number in few letters, rounded down: 999, 1.2k, 12k, 3.4M."""
    if count < 1_000:
        return number(count)
    unit, text = (1_000, _("%(count)sk")) if count < 1_000_000 else (1_000_000, _("%(count)sM"))
    tenths = count * 10 // unit
    decimals = 1 if tenths < 100 and tenths % 10 else 0
    return text % {"count": number(tenths / 10 if decimals else tenths // 10, decimals)}


@register.filter
def rate(value: float) -> str:
    """Write a number of things per second: 0.25, 4.2, 120.

    It has two decimals below 1, one below 100, and none above.
    """
    decimals = 2
    if value == 0 or value >= 100:
        decimals = 0
    elif value >= 1:
        decimals = 1
    return number(value, decimals)


@register.filter
def duration(seconds: float) -> str:
    """Write a time span in its two largest units.

    Examples: 250 µs, 2.5 ms, 850 ms, 4.2 s, 3 min 5 s, 2 d 4 h.
    """
    if 0 < seconds < 0.001:
        return _("%(count)s µs") % {"count": number(seconds * 1_000_000)}
    if seconds < 1:
        return _("%(count)s ms") % {"count": _few_digits(seconds * 1000)}
    if seconds < MINUTE:
        return _("%(count)s s") % {"count": _few_digits(seconds)}
    if seconds < HOUR:
        return _("%(minutes)d min %(seconds)d s") % _split(seconds, MINUTE, "minutes", "seconds", 1)
    if seconds < DAY:
        return _("%(hours)d h %(minutes)d min") % _split(seconds, HOUR, "hours", "minutes", MINUTE)
    return _("%(days)d d %(hours)d h") % _split(seconds, DAY, "days", "hours", HOUR)


@register.filter
def duration_if_any(seconds: float) -> str:
    """Write a time span, and a dash where there is none.

    So is the latency of a queue in which no job waits, and the median of no runs.
    """
    return duration(seconds) if seconds else "–"


@register.filter
def short_duration(seconds: float) -> str:
    """Write a time span in one unit.

    Examples: 2.5 ms, 100 s, 2.5 min, 3 h.
    """
    if seconds < MINUTE:
        return duration(seconds)
    if seconds < 2 * MINUTE:
        return _("%(count)s s") % {"count": number(seconds)}
    if seconds < 2 * HOUR:
        return _("%(count)s min") % {"count": _few_digits(seconds / MINUTE)}
    if seconds < 2 * DAY:
        return _("%(count)s h") % {"count": _few_digits(seconds / HOUR)}
    return _("%(count)s d") % {"count": _few_digits(seconds / DAY)}


def _few_digits(value: float) -> str:
    """Write a number, below ten with tenths.

    There is no ".0" for what is nearly a whole number.
    """
    shows_tenths = value < 10 and value % 1 >= 0.05
    return number(value, 1 if shows_tenths else 0)


@register.filter
def size(count: int) -> str:
    """Write a number of bytes: 1.5 GB."""
    return filesizeformat(count)


@register.filter
def ago(moment: datetime | None) -> SafeString | str:
    """Write how far a moment is from now.

    Examples: 3 min 5 s ago, in 2 h 4 min. The tooltip shows the exact time and its zone.
    """
    if not _is_known(moment):
        return "–"
    seconds = (timezone.now() - moment).total_seconds()
    text = _("%(span)s ago") if seconds >= 0 else _("in %(span)s")
    span = duration(max(1, round(abs(seconds))))
    return _time(moment, text % {"span": span})


@register.filter
def since(moment: datetime | None) -> SafeString | str:
    """Write how long ago a moment was: 3 min 5 s.

    The tooltip shows the exact time.
    """
    if not _is_known(moment):
        return "–"
    seconds = (timezone.now() - moment).total_seconds()
    return _time(moment, duration(max(0, round(seconds))))


@register.filter
def exact(moment: datetime | None) -> SafeString | str:
    """Write a moment with date, time, seconds and the time zone of the project."""
    return instant(moment, written(moment)) if _is_known(moment) else "–"


@register.simple_tag
def zone() -> str:
    """Return the zone of all times on a page: Europe/Berlin (CET), or UTC."""
    name, short = timezone.get_current_timezone_name(), date_format(timezone.localtime(), "T")
    return name if name == short else f"{name} ({short})"


def instant(moment: datetime, text: str) -> SafeString:
    """Return a text that is itself an exact time, for programs too."""
    return format_html('<time datetime="{}">{}</time>', _iso(moment), text)


def _is_known(moment: datetime | None) -> TypeGuard[datetime]:
    """Tell whether a moment is one.

    The first of 1970 stands for a time that is missing or cannot be read.
    """
    return moment is not None and moment.timestamp() != 0


def _time(moment: datetime, text: str) -> SafeString:
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', _iso(moment), written(moment), text
    )


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _split(seconds: float, unit: int, large: str, small: str, small_unit: int) -> dict[str, int]:
    """Return a time span in two units.

    For example, 185 s in minutes and seconds is 3 and 5.
    """
    whole, rest = divmod(int(seconds), unit)
    return {large: whole, small: rest // small_unit}
