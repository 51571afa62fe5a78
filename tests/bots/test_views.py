"""The bots' page and its buttons, without a browser."""

import pytest
from django.test import Client
from django.urls import reverse

from bots import social
from bots.bail_out import BailOutJob
from bots.counter_example import OneJobForAllBots
from bots.jobs import BotsJob
from bots.models import Bot, Kind, Run
from bots.runs import start_run
from bots.wall import SHOWN_RUNS, look_at_wall
from jobs.testing import assert_enqueued
from tests.bots.working import work

pytestmark = pytest.mark.django_db(databases=["default", "fake_services"])

INDEX, WALL = "/bots/", "/bots/wall"


def text_of(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def test_page_without_runs_invites_and_stands_still(client: Client):
    text = text_of(client, INDEX)

    assert "Nobody has said anything yet" in text
    assert "order.js" not in text
    assert 'http-equiv="refresh"' not in text
    assert "data-finished" in text_of(client, WALL)


def test_every_page_links_to_the_bots(client: Client):
    assert '<a href="/bots/">Bots</a>' in text_of(client, INDEX)


@pytest.mark.parametrize(
    ("name", "kind", "job"),
    [
        ("start", Kind.FAN_OUT, BotsJob),
        ("start_counter_example", Kind.COUNTER_EXAMPLE, OneJobForAllBots),
        ("start_bail_out", Kind.BAIL_OUT, BailOutJob),
    ],
)
def test_button_starts_a_run_and_returns(client: Client, name: str, kind, job):
    answer = client.post(reverse(f"bots:{name}"))

    run = Run.objects.get()
    assert answer["Location"] == INDEX
    assert run.kind == kind
    assert_enqueued(job, args=[str(run.pk)])


def test_run_in_progress_keeps_the_page_fresh(client: Client):
    start_run()

    text = text_of(client, INDEX)

    assert "order.js" in text
    assert 'http-equiv="refresh"' in text
    assert f'data-status-url="{WALL}"' in text
    assert "data-finished" not in text_of(client, WALL)


def test_finished_run_shows_the_posts(client: Client, social_service: str):
    run = start_run()
    work()

    text = text_of(client, WALL)

    assert "data-finished" in text
    for turn in run.turns.all():
        assert Bot(turn.bot).line in text
        assert str(turn.post_id) in text


def test_repeated_posts_are_counted(client: Client, social_service: str):
    social.switch_behavior({"crash": True, "only_author": "Worf"})
    start_run(Kind.COUNTER_EXAMPLE)
    work(work())

    text = text_of(client, WALL)

    assert text.count("Posted 2 times") == 2
    assert "Repeats itself" in text
    assert "Failed 2 times. Tries again." in text


def test_post_whose_answer_was_lost_is_shown_as_such(client: Client, social_service: str):
    social.switch_behavior({"crash": True, "when": "after", "only_author": "Worf"})
    start_run()
    work()

    assert "Posted 1 time, but the answer was lost." in text_of(client, WALL)


def test_run_that_was_given_up_is_finished(client: Client):
    run = start_run()
    run.turns.update(failures=21, error="It crashed.", gave_up=True)

    text = text_of(client, WALL)

    assert "data-finished" in text
    assert "Gave up: see the dead set." in text


def test_newest_runs_come_first_and_old_ones_go(django_assert_num_queries):
    runs = [start_run() for _ in range(SHOWN_RUNS + 1)]

    with django_assert_num_queries(2):
        wall = look_at_wall(1.0)

    assert [card.run for card in wall.runs] == runs[:0:-1]


def test_service_that_is_away_hides_nothing_else(client: Client):
    run = start_run()
    run.turns.update(post_id="po_00000000")

    text = text_of(client, INDEX)

    assert "The posts cannot be looked at now." in text
    assert text.count("po_00000000") == len(Bot)
    assert "worf-switch" not in text


def test_error_of_a_service_is_escaped(client: Client):
    start_run().turns.update(failures=1, error="<script>alert(1)</script>")

    assert "<script>alert" not in text_of(client, WALL)


def test_switch_is_thrown_over_http(client: Client, social_service: str):
    assert "Worf is calm" in text_of(client, INDEX)

    client.post("/bots/worf", {"crash": "on"})
    assert social.status(5.0)["only_author"] == "Worf"
    assert "Worf crashes" in text_of(client, INDEX)

    client.post("/bots/worf", {"crash": "off"})
    assert "Worf is calm" in text_of(client, INDEX)


def test_switch_that_cannot_be_thrown_is_told(client: Client):
    answer = client.post("/bots/worf", {"crash": "on"}, follow=True)

    assert "Perhaps nothing was switched." in answer.content.decode()


@pytest.mark.parametrize(
    "url", ["/bots/run", "/bots/counter-example", "/bots/bail-out", "/bots/worf"]
)
def test_buttons_need_post_and_a_csrf_token(client: Client, url: str):
    assert client.get(url).status_code == 405
    assert Client(enforce_csrf_checks=True).post(url).status_code == 403
    assert not Run.objects.exists()
