"""Says which schedule made a job."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jobs.moment import moment
from jobs.occasion import Occasion
from jobs.text import grouped, shown, written


def made_by(occasion: Occasion) -> str:
    """Return which schedule made a job, and for when."""
    names = {
        "schedule": shown(occasion.schedule),
        "time": written(moment(occasion.at)),
        "count": grouped(occasion.missed),
    }
    if occasion.is_by_hand:
        text = _("Somebody asked for this run of schedule %(schedule)s at %(time)s.")
    elif occasion.missed:
        text = ngettext(
            "Schedule %(schedule)s made it for %(time)s. %(count)s run before that was missed.",
            "Schedule %(schedule)s made it for %(time)s. %(count)s runs before that were missed.",
            occasion.missed,
        )
    else:
        text = _("Schedule %(schedule)s made it for %(time)s.")
    return text % names
