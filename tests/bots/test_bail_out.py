"""The job that gives up on any trouble, where a loss harms nobody."""

import pytest

from bots.bail_out import BailOutJob
from bots.models import Bot, Kind, TurnState
from bots.runs import start_run
from bots.social import switch_behavior
from jobs import Discard
from jobs.testing import assert_nothing_enqueued, drain
from tests.bots.working import posts_of

pytestmark = [
    pytest.mark.django_db(databases=["default", "fake_services"]),
    pytest.mark.usefixtures("social_service"),
]


def test_it_posts_for_all_when_nothing_goes_wrong():
    run = start_run(Kind.BAIL_OUT)

    drain()

    assert posts_of(run) == {"Picard": 1, "Riker": 1, "Worf": 1, "Locutus": 1}


def test_first_trouble_ends_it_for_good_and_tells_nobody():
    switch_behavior({"crash": True, "only_author": "Worf"})
    run = start_run(Kind.BAIL_OUT)

    with pytest.raises(Discard):
        BailOutJob.perform_now(str(run.pk))

    switch_behavior({})
    states = {turn.bot: turn.state for turn in run.turns.all()}
    assert posts_of(run) == {"Picard": 1, "Riker": 1}
    assert states == {
        Bot.PICARD: TurnState.POSTED,
        Bot.RIKER: TurnState.POSTED,
        Bot.WORF: TurnState.GAVE_UP,
        Bot.LOCUTUS: TurnState.GAVE_UP,
    }


def test_page_says_that_it_was_meant_to(client):
    switch_behavior({"crash": True, "only_author": "Worf"})
    start_run(Kind.BAIL_OUT)
    drain()

    text = client.get("/bots/wall").content.decode()

    assert_nothing_enqueued()
    assert "Bailed out" in text
    assert "Failed 1 time. Left out, as planned." in text
    assert "Was never asked." in text
    assert "dead set" not in text


def test_run_again_after_a_crash_repeats_no_post():
    run = start_run(Kind.BAIL_OUT)
    BailOutJob.perform_now(str(run.pk))
    run.turns.update(post_id=None)  # the answers were lost with the worker

    BailOutJob.perform_now(str(run.pk))

    assert set(posts_of(run).values()) == {1}
