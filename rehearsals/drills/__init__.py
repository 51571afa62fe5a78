"""The drills, in the order of the page.

A new one is a `Drill` in a module here, a template, and a name in `DRILLS`.
"""

from typing import Final

from rehearsals.drill import Drill
from rehearsals.drills.backlog import BACKLOG
from rehearsals.drills.declined_card import DECLINED_CARD
from rehearsals.drills.failures import DEAD_SET, PERMANENT_FAILURE, TRANSIENT_FAILURE
from rehearsals.drills.killed_worker import KILLED_WORKER
from rehearsals.drills.repeats import DOUBLE_CHARGE, DOUBLE_EMAIL, FULFILLMENT_KEY
from rehearsals.drills.slow_service import SLOW_SERVICE

DRILLS: Final[tuple[Drill, ...]] = (
    PERMANENT_FAILURE,
    TRANSIENT_FAILURE,
    DEAD_SET,
    DOUBLE_CHARGE,
    DOUBLE_EMAIL,
    FULFILLMENT_KEY,
    DECLINED_CARD,
    SLOW_SERVICE,
    KILLED_WORKER,
    BACKLOG,
)
