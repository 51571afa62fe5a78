"""Worf's crash switch: the fake social service crashes on his posts alone.

The page shows and sets it. Only a fake can be switched: where the bots post on a real network there
is no switch.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from bots import social
from bots.models import Bot


@dataclass(frozen=True, slots=True)
class CrashSwitch:
    """How the switch stands, and the pages of the fake service that say more."""

    is_on: bool
    posts_url: str
    behavior_url: str


def read_crash_switch(timeout_seconds: float) -> CrashSwitch | None:
    """Ask the social service for its switch.

    None when it does not answer or is no fake.
    """
    try:
        told = social.status(timeout_seconds)
    except social.SocialError:
        return None
    if "crash" not in told:
        return None
    # Only the path: the bots may reach the fake under a host name that the reader's browser does
    # not know.
    path = urlsplit(social.address()).path
    prefix, _, slug = path.rpartition("/")
    is_on = bool(told["crash"]) and told.get("only_author") == Bot.WORF.label
    return CrashSwitch(is_on, f"{path}/ui", f"{prefix}/behaviors/{slug}/edit")


def set_crash_switch(*, is_on: bool) -> None:
    """Make the social service crash on Worf's posts, or behave.

    Raise `SocialError` when it cannot be told.
    """
    social.switch_behavior({"crash": True, "only_author": Bot.WORF.label} if is_on else {})
