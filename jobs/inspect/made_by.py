"""Says which schedule made a job."""

from django.utils.translation import gettext as _

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
        text = _(
            "Schedule %(schedule)s made it for %(time)s, and for %(count)s times before "
            "that were missed."
        )
    else:
        text = _("Schedule %(schedule)s made it for %(time)s.")
    return text % names
