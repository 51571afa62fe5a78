"""Cron expressions as text: their fields, and what is wrong with one.

What is wrong is said in one place for the code, in English, and for forms, in any language.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cronsim import CronSim, CronSimError
from django.utils.translation import gettext as _

from jobs.text import brief


def gettext_noop(text: str) -> str:
    """Mark a text for translation.

    That of Django asks the settings, which a job class may be imported before.
    """
    return text


#: Short names of common expressions.
NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
#: What is wrong with a field and what it takes, in the order of the fields.
_FIELDS = (
    gettext_noop(
        "The first field is the minute, and %(value)s is none. It takes numbers from 0 to 59."
    ),
    gettext_noop(
        "The second field is the hour, and %(value)s is none. It takes numbers from 0 to 23."
    ),
    gettext_noop(
        "The third field is the day of the month, and %(value)s is none. "
        "It takes numbers from 1 to 31, and L for the last day."
    ),
    gettext_noop(
        "The fourth field is the month, and %(value)s is none. "
        "It takes numbers from 1 to 12, and names such as JAN."
    ),
    gettext_noop(
        "The fifth field is the weekday, and %(value)s is none. "
        "It takes numbers from 0 to 7, of which 0 and 7 are Sunday, and names such as MON."
    ),
)
_ALL_FIELDS = gettext_noop(
    "Each field also takes * for all, lists such as 1,15, ranges such as 1-5, "
    "and steps such as */5."
)
_COUNT = gettext_noop(
    "It has %(count)s fields. Write five with spaces between them: minute, hour, day of the month, "
    "month, weekday. For example, 30 2 * * 1-5 is 02:30 from Monday to Friday."
)
_NICKNAME = gettext_noop("There is no %(value)s. The short names are %(names)s.")
_NO_DAY = gettext_noop(
    "The day of the month, %(day)s, never comes in the month, %(month)s. "
    "These are the third and the fourth field."
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with an expression, as sentences whose values are filled in later."""

    sentences: Sequence[str]
    values: Mapping[str, object]

    def __str__(self) -> str:
        """Return it in English, for those who write code."""
        return " ".join(self.sentences) % self.values

    def translated(self) -> str:
        """Return it in the language in use."""
        return " ".join(map(_, self.sentences)) % self.values


def fields_of(expression: str) -> list[str]:
    """Return the fields of an expression, also of one that has a short name."""
    return NICKNAMES.get(expression.strip().lower(), expression).split()


def fault_of(expression: str) -> Fault | None:
    """Return what is wrong with an expression, None if nothing is.

    Each field is tried beside four stars. So `61 * * * *` is wrong in its first field, and
    `0 0 30 2 *` only as a whole.
    """
    fields = fields_of(expression)
    if len(fields) == 1 and fields[0].startswith("@"):
        names = ", ".join(NICKNAMES)
        return Fault([_NICKNAME], {"value": brief(fields[0]), "names": names})
    if len(fields) != len(_FIELDS):
        return Fault([_COUNT], {"count": len(fields)})
    for place, sentence in enumerate(_FIELDS):
        alone = ["*"] * len(_FIELDS)
        alone[place] = fields[place]
        if not _is_cron(alone):
            return Fault([sentence, _ALL_FIELDS], {"value": brief(fields[place])})
    if not _is_cron(fields):
        return Fault([_NO_DAY], {"day": brief(fields[2]), "month": brief(fields[3])})
    return None


def _is_cron(fields: Sequence[str]) -> bool:
    try:
        CronSim(" ".join(fields), datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError:
        return False
    return True
