"""What a rehearsal is made of: drills, buttons, runs and checks.

A drill has buttons. Pressing one makes a run. Checks prove what came of the run. The modules in
`drills/` make drills of these, the views show them. What a drill says to its reader is in its
template.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import uuid4

from django.utils import timezone

from rehearsals.evidence import Evidence

#: A button that is pressed again so soon was meant once.
ONE_PRESS = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class Run:
    """One pressing of a button. It is kept in the session of whoever pressed."""

    #: What its proof needs to know: ids of orders, and numbers from before.
    facts: dict[str, int] = field(default_factory=dict)
    id: str = field(default_factory=lambda: uuid4().hex[:8])
    started_at: datetime = field(default_factory=timezone.now)

    @property
    def is_fresh(self) -> bool:
        """Tell whether it was started just now."""
        return timezone.now() - self.started_at < ONE_PRESS

    def as_json(self) -> dict[str, Any]:
        """Return what a session can hold."""
        return {"id": self.id, "started_at": self.started_at.isoformat(), "facts": self.facts}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        """Return the run that a session has kept."""
        return cls(kept["facts"], kept["id"], datetime.fromisoformat(kept["started_at"]))


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a proof.

    It says what was looked at, what was found, and whether that is what the drill promised.
    """

    what: str
    found: str
    holds: bool
    #: Whether that which the drill promised is a harm, as with the naive job.
    is_harm: bool = False
    #: Where one can see it.
    url: str = ""

    @property
    def mark(self) -> str:
        """Return the kind of mark to show before it."""
        if not self.holds:
            return "waiting"
        return "bad" if self.is_harm else "good"


def tally(what: str, found: int | None, wanted: int, *, url: str = "") -> Check:
    """Return a check that holds when exactly so many were found.

    `None` stands for a service that did not answer.
    """
    text = "no answer" if found is None else f"{found} of {wanted}"
    return Check(what, text, found == wanted, url=url)


@dataclass(frozen=True, slots=True)
class Button:
    """One way to set a drill up.

    `act` does it, and may raise `ServiceError` or `StoreUnavailable`.
    """

    #: In the address that it is posted to.
    name: str
    label: str
    act: Callable[[], Run]
    is_dangerous: bool = False


def nothing_to_put_back() -> None:
    """Leave all as it is: the drill has switched nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """One thing that goes wrong, to be rehearsed.

    Its words are in `templates/rehearsals/drills/<slug>.html`.
    """

    slug: str
    title: str
    #: What one learns, in a sentence.
    lesson: str
    buttons: tuple[Button, ...]
    prove: Callable[[Run, Evidence], Sequence[Check]]
    put_back: Callable[[], None] = nothing_to_put_back

    @property
    def template(self) -> str:
        """Return the name of its template."""
        return f"rehearsals/drills/{self.slug.replace('-', '_')}.html"
