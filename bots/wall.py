"""What the page shows of the runs: the turns and the posts.

It counts how often a bot's line really stands at the social service. That is not always what the
turn says: an answer may be lost, and a job may repeat itself. It only looks.
"""

from collections import Counter
from dataclasses import dataclass

from bots import social
from bots.models import Bot, Kind, Run, Turn, TurnState

#: The page shows so many runs, newest first.
SHOWN_RUNS = 6


@dataclass(frozen=True, slots=True)
class BotCard:
    """One bot in one run."""

    bot: Bot
    turn: Turn
    #: How often the line stands at the social service; None when that does not tell.
    times: int | None
    #: What is said of a bot that gave up: whether that was the plan.
    ending: str = "Gave up: see the dead set."

    @property
    def state(self) -> TurnState:
        """Tell where the bot stands."""
        return self.turn.state

    @property
    def is_repeated(self) -> bool:
        """Tell whether the line stands there more than once."""
        return (self.times or 0) > 1

    @property
    def is_answer_lost(self) -> bool:
        """Tell whether the line stands there although the bot does not know it."""
        return bool(self.times) and self.state != TurnState.POSTED


@dataclass(frozen=True, slots=True)
class RunCard:
    """One run."""

    run: Run
    bots: tuple[BotCard, ...]

    @property
    def is_in_progress(self) -> bool:
        """Tell whether something will still happen by itself."""
        return any(bot.state in {TurnState.WAITING, TurnState.FAILING} for bot in self.bots)

    @property
    def bailed_out(self) -> bool:
        """Tell whether it gave up, and was meant to."""
        return self.gave_up and self.run.kind == Kind.BAIL_OUT

    @property
    def gave_up(self) -> bool:
        """Tell whether a job of this run failed for the last time."""
        return any(bot.state == TurnState.GAVE_UP for bot in self.bots)

    @property
    def is_repeated(self) -> bool:
        """Tell whether any bot posted more than once."""
        return any(bot.is_repeated for bot in self.bots)


@dataclass(frozen=True, slots=True)
class Wall:
    """The newest runs, newest first."""

    runs: tuple[RunCard, ...]
    #: Why the posts could not be looked at; empty if they could.
    problem: str = ""

    @property
    def is_in_progress(self) -> bool:
        """Tell whether the page will change by itself."""
        return any(run.is_in_progress for run in self.runs)


def look_at_wall(timeout_seconds: float) -> Wall:
    """Put together what the database and the social service know."""
    runs = Run.objects.order_by("-created_at").prefetch_related("turns")[:SHOWN_RUNS]
    try:
        posts = _count_posts(timeout_seconds)
    except social.SocialError as error:
        return Wall(tuple(_run_card(run, None) for run in runs), str(error))
    return Wall(tuple(_run_card(run, posts) for run in runs))


def _count_posts(timeout_seconds: float) -> Counter[tuple[str, str]]:
    """Return how often each author's line stands there, by run id and author."""
    posts = social.newest_posts(timeout_seconds)
    return Counter(
        (str((post.get("metadata") or {}).get("run_id")), str(post.get("author"))) for post in posts
    )


def _run_card(run: Run, posts: Counter[tuple[str, str]] | None) -> RunCard:
    turns = sorted(run.turns.all(), key=lambda turn: turn.pk)
    return RunCard(run, tuple(_bot_card(run, turn, posts) for turn in turns))


def _bot_card(run: Run, turn: Turn, posts: Counter[tuple[str, str]] | None) -> BotCard:
    bot = Bot(turn.bot)
    times = None if posts is None else posts[str(turn.run_id), bot.label]
    if run.kind == Kind.BAIL_OUT:
        return BotCard(bot, turn, times, "Left out, as planned.")
    return BotCard(bot, turn, times)
