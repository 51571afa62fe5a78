"""The bots as jobs of their own.

Each posts once, fails alone, and repeats nothing.
"""

import pytest
from django.db import IntegrityError, transaction

from bots.jobs import RETRY_SECONDS, BotsJob, LocutusJob, PicardJob, RikerJob, WorfJob
from bots.models import Bot, Run, Turn, TurnState
from bots.runs import start_run
from bots.social import SocialRefusal, SocialTrouble, switch_behavior
from jobs import Retry
from jobs.middleware.transient import is_transient
from jobs.testing import assert_enqueued, assert_nothing_enqueued, clear, enqueued_jobs
from tests.bots.working import posts_of, work

pytestmark = pytest.mark.django_db(databases=["default", "fake_services"])

BOT_JOBS = [PicardJob, RikerJob, WorfJob, LocutusJob]
ALL_ONCE = {"Picard": 1, "Riker": 1, "Worf": 1, "Locutus": 1}

all_bots = pytest.mark.parametrize(
    ("job", "bot"), list(zip(BOT_JOBS, Bot, strict=True)), ids=list(Bot)
)


@pytest.fixture
def run() -> Run:
    run = start_run()
    clear()
    return run


def state_of(run: Run, bot: Bot) -> TurnState:
    return run.turns.get(bot=bot).state


def test_run_begins_with_a_turn_of_each_bot_and_one_job():
    run = start_run()

    assert [turn.bot for turn in run.turns.order_by("pk")] == list(Bot)
    assert_enqueued(BotsJob, args=[str(run.pk)], count=1)
    assert len(enqueued_jobs()) == 1


def test_run_that_is_rolled_back_starts_nothing():
    with transaction.atomic():
        start_run()
        transaction.set_rollback(True)

    assert not Run.objects.exists()
    assert_nothing_enqueued()


def test_fan_out_is_one_job_for_each_bot(run: Run):
    BotsJob.perform_now(str(run.pk))

    for job in BOT_JOBS:
        assert_enqueued(job, args=[str(run.pk)], count=1)
    assert len(enqueued_jobs()) == len(BOT_JOBS)


@pytest.mark.usefixtures("social_service")
def test_every_bot_posts_its_line():
    run = start_run()

    assert work() == []

    assert posts_of(run) == ALL_ONCE
    assert all(turn.post_id.startswith("po_") for turn in run.turns.all())


@pytest.mark.usefixtures("social_service")
@all_bots
def test_each_bot_posts_alone(run: Run, job, bot: Bot):
    job.perform_now(str(run.pk))

    assert posts_of(run) == {bot.label: 1}
    assert [turn.bot for turn in Turn.objects.exclude(post_id=None)] == [bot]


@pytest.mark.usefixtures("social_service")
def test_fan_out_that_runs_twice_posts_nothing_twice(run: Run):
    for _ in range(2):
        BotsJob.perform_now(str(run.pk))
    assert len(enqueued_jobs()) == 2 * len(BOT_JOBS)

    assert work() == []

    assert posts_of(run) == ALL_ONCE


@pytest.mark.usefixtures("social_service")
def test_two_runs_post_twice():
    runs = [start_run(), start_run()]

    work()

    assert [posts_of(run) for run in runs] == [ALL_ONCE, ALL_ONCE]


@pytest.mark.usefixtures("social_service")
def test_worf_who_crashes_blocks_and_repeats_nobody(run: Run):
    switch_behavior({"crash": True, "only_author": "Worf"})
    BotsJob.perform_now(str(run.pk))

    failed = work()
    assert [job.job_class for job in failed] == ["bots.WorfJob"]
    assert posts_of(run) == {"Picard": 1, "Riker": 1, "Locutus": 1}
    assert work(failed) == failed
    assert state_of(run, Bot.WORF) == TurnState.FAILING
    assert run.turns.get(bot=Bot.WORF).failures == 2

    switch_behavior({})
    assert work(failed) == []
    assert posts_of(run) == ALL_ONCE
    assert state_of(run, Bot.WORF) == TurnState.POSTED


@pytest.mark.usefixtures("social_service")
def test_post_whose_answer_was_lost_is_not_repeated(run: Run):
    switch_behavior({"crash": True, "when": "after", "remaining_requests": 2})
    BotsJob.perform_now(str(run.pk))

    failed = work()
    assert len(failed) == 2
    assert posts_of(run) == ALL_ONCE

    assert work(failed) == []
    assert posts_of(run) == ALL_ONCE
    assert {turn.state for turn in run.turns.all()} == {TurnState.POSTED}


@pytest.mark.usefixtures("social_service")
def test_post_whose_note_was_lost_is_found_again(run: Run):
    RikerJob.perform_now(str(run.pk))
    noted = run.turns.get(bot=Bot.RIKER).post_id
    run.turns.update(post_id=None)

    RikerJob.perform_now(str(run.pk))

    assert run.turns.get(bot=Bot.RIKER).post_id == noted
    assert posts_of(run) == {"Riker": 1}


def test_bot_that_has_posted_asks_nobody(run: Run):
    run.turns.update(post_id="po_00000000")

    WorfJob.perform_now(str(run.pk))  # nothing listens: a request would fail


def test_failure_is_noted_with_its_reason(run: Run):
    BotsJob.perform_now(str(run.pk))

    work()

    turn = run.turns.get(bot=Bot.WORF)
    assert (turn.state, turn.failures) == (TurnState.FAILING, 1)
    assert "did not answer" in turn.error


@all_bots
def test_trouble_is_transient_and_tried_again_soon(run: Run, job, bot: Bot):
    with pytest.raises(SocialTrouble) as raised:
        job.perform_now(str(run.pk))

    assert is_transient(raised.value, job.options.others["transient_errors"])
    assert job().retry_in(1, raised.value) == RETRY_SECONDS


def test_refusal_is_not_tried_again():
    assert WorfJob().retry_in(1, SocialRefusal()) is Retry.KILL


def test_bot_that_gives_up_says_so_for_itself_alone(run: Run):
    job = WorfJob()
    with pytest.raises(SocialTrouble) as raised:
        job.perform(str(run.pk))

    job.on_exhausted(raised.value)

    assert state_of(run, Bot.WORF) == TurnState.GAVE_UP
    assert state_of(run, Bot.RIKER) == TurnState.WAITING


def test_bot_has_one_turn_in_a_run(run: Run):
    with pytest.raises(IntegrityError), transaction.atomic():
        Turn.objects.create(run=run, bot=Bot.RIKER)
