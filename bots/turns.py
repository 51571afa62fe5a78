"""One bot's turn: post its line, and note how that went.

The jobs call it. The note is made after the answer, never in one transaction with the call. A crash
between the two is healed by the idempotency key, if the caller gave one.
"""

from uuid import UUID

from bots import social
from bots.models import Bot, Turn


def post_once(run_id: str, bot: Bot) -> None:
    """Post a bot's line unless it has been posted in this run.

    It is safe to repeat after a crash at any line.
    """
    turn = _find(run_id, bot)
    if turn.post_id is None:
        _post(turn, idempotency_key=f"run-{run_id}-{bot}")


def post_again(run_id: str, bot: Bot) -> None:
    """Post a bot's line, whatever has been posted before: for the counter-example only."""
    _post(_find(run_id, bot), idempotency_key=None)


def give_up(run_id: str, *bots: Bot) -> None:
    """Note that nobody will try these bots' turns again, where they have not posted."""
    Turn.objects.filter(run=UUID(run_id), bot__in=bots, post_id=None).update(gave_up=True)


def _find(run_id: str, bot: Bot) -> Turn:
    return Turn.objects.get(run=UUID(run_id), bot=bot)


def _post(turn: Turn, idempotency_key: str | None) -> None:
    bot = Bot(turn.bot)
    metadata = {"run_id": str(turn.run_id), "idempotency_key": idempotency_key}
    try:
        post_id = social.publish(bot.label, bot.line, metadata)
    except social.SocialError as error:
        turn.note_failure(str(error))
        raise
    turn.note_post(post_id)
