"""The counter-example does what it warns of."""

import pytest

from bots.counter_example import OneJobForAllBots
from bots.models import Bot, Kind, TurnState
from bots.runs import start_run
from bots.social import SocialTrouble, switch_behavior
from jobs.testing import assert_enqueued, enqueued_jobs
from tests.bots.working import posts_of, work

pytestmark = pytest.mark.django_db(databases=["default", "fake_services"])


def test_one_job_is_enqueued():
    run = start_run(Kind.COUNTER_EXAMPLE)

    assert_enqueued(OneJobForAllBots, args=[str(run.pk)], count=1)
    assert len(enqueued_jobs()) == 1


@pytest.mark.usefixtures("social_service")
def test_it_posts_for_all_when_nothing_goes_wrong():
    run = start_run(Kind.COUNTER_EXAMPLE)

    assert work() == []

    assert posts_of(run) == {"Picard": 1, "Riker": 1, "Worf": 1, "Locutus": 1}


@pytest.mark.usefixtures("social_service")
def test_worf_who_crashes_repeats_riker_and_blocks_locutus():
    switch_behavior({"crash": True, "only_author": "Worf"})
    run = start_run(Kind.COUNTER_EXAMPLE)

    failed = work()
    for _ in range(2):
        failed = work(failed)

    assert posts_of(run) == {"Picard": 3, "Riker": 3}
    assert run.turns.get(bot=Bot.WORF).failures == 3
    assert run.turns.get(bot=Bot.LOCUTUS).state == TurnState.WAITING

    switch_behavior({})
    assert work(failed) == []
    assert posts_of(run) == {"Picard": 4, "Riker": 4, "Worf": 1, "Locutus": 1}


def test_trouble_is_transient_so_that_nobody_is_called_while_it_tries_again():
    run = start_run(Kind.COUNTER_EXAMPLE)

    with pytest.raises(SocialTrouble):
        OneJobForAllBots.perform_now(str(run.pk))


@pytest.mark.usefixtures("social_service")
def test_lost_answer_is_posted_again():
    switch_behavior({"crash": True, "when": "after", "remaining_requests": 1})
    run = start_run(Kind.COUNTER_EXAMPLE)

    assert work(work()) == []

    assert posts_of(run)["Picard"] == 2


def test_giving_up_is_said_for_all_who_have_not_posted():
    run = start_run(Kind.COUNTER_EXAMPLE)
    run.turns.filter(bot=Bot.PICARD).update(post_id="po_00000000")
    job = OneJobForAllBots()
    with pytest.raises(SocialTrouble) as raised:
        job.perform(str(run.pk))

    job.on_exhausted(raised.value)

    states = {turn.bot: turn.state for turn in run.turns.all()}
    assert states == {
        Bot.PICARD: TurnState.POSTED,
        Bot.RIKER: TurnState.GAVE_UP,
        Bot.WORF: TurnState.GAVE_UP,
        Bot.LOCUTUS: TurnState.GAVE_UP,
    }
