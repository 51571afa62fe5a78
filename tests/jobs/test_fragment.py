"""`{% job_progress %}`: what is shown, to whom, and for how long."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.sessions.backends.db import SessionStore
from django.core.signing import TimestampSigner
from django.db import transaction
from django.template import Context, RequestContext, Template
from django.test import RequestFactory
from django.urls import include, path
from django.utils import translation

from jobs import ConfigurationError, Job, fragment
from jobs.fragment import LIFETIME
from jobs.progress import Progress
from jobs.testing import drain, mode
from jobs.urls import urlpatterns as ours
from tests.conftest import free_port
from tests.jobs.inspect.filling import put

TAG = "{% load jobs %}{% job_progress job %}"
urlpatterns = [path("jobs/", include(ours))]


class KeptJob(Job):
    keep_result_for = timedelta(hours=1)

    def perform(self, *args: object) -> str:
        return "secret result"


@pytest.fixture(autouse=True)
def urls(settings):
    settings.ROOT_URLCONF = __name__


def make(store, place="running", **fields):
    if place != "running":
        return put(store, place, **fields)
    job_id = put(store, "ready", **fields)
    store.client.zrem(store.keys("default").ready, job_id)
    store.client.hset(store.keys("default").running, job_id, "w#1|5")
    return job_id


def request_of(user=None, session_key=None, **more):
    request = RequestFactory().get("/page/?a=1&b=2", **more)
    request.user = user or AnonymousUser()
    request.session = SessionStore(session_key)
    return request


def show(job, request=None, **context):
    context = {"job": job, **context}
    return Template(TAG).render(RequestContext(request or request_of(), context))


def address_in(html):
    found = re.search(r'data-jobs-progress="(.*?)"', html)
    return unescape(found[1]) if found else None


def words(html):
    return " ".join(re.sub("<[^>]*>", " ", html).split())


def note(store, job_id, progress):
    store.client.hset(store.keys("default").notes, job_id, progress.encode())


@pytest.mark.parametrize(
    ("place", "label", "is_final"),
    [
        ("ready", "Waiting", False),
        ("scheduled", "Waiting", False),
        ("retry", "Waiting for another attempt", False),
        ("running", "Running", False),
        ("dead", "Failed", True),
        ("done", "Done", True),
    ],
)
def test_state_is_in_words_and_followed_until_it_is_final(store, place, label, is_final):
    html = show(make(store, place))

    assert words(html).startswith(label)
    assert (address_in(html) is None) == is_final
    assert ("jobs/progress.js" in html) != is_final
    assert ("Refresh" in html) != is_final


def test_job_that_is_gone_has_ended():
    html = show("f" * 32)

    assert words(html) == "Ended"
    assert address_in(html) is None


def test_progress_is_shown_without_secrets_and_escaped(store):
    job_id = make(store)
    note(store, job_id, Progress(30, 120, "<i>token=hunter2</i>"))

    html = show(job_id)

    assert '<progress max="100" value="25"' in html
    assert "30 of 120: &lt;i&gt;token=[redacted]" in html
    assert "hunter2" not in html


def test_nothing_but_state_and_progress_is_shown(store):
    error = {"class": "ValueError", "message": "no stock left", "at": 1.7e9}
    dead = make(store, "dead", args=["an argument"], errors=[error], failures=1)
    done = make(store, "done", args=["an argument"], result="a result", job_class="some.Class")

    shown = show(dead) + show(done)

    assert words(shown) == "Failed Done"
    assert dead not in shown


def test_nothing_is_inline(store):
    html = show(make(store))

    assert not re.search(r"<style|style=|onclick|<script(?![^>]* src=)", html)


def test_script_carries_the_nonce_of_the_page(store):
    job_id = make(store)

    assert 'nonce="abc"' in show(job_id, csp_nonce="abc")
    assert "nonce" not in show(job_id)


def test_link_loads_the_page_again(store):
    assert 'href="/page/?a=1&amp;b=2"' in show(make(store))


def test_labels_are_in_the_language_of_the_user(store):
    job_id = make(store)
    with translation.override("de"):
        assert words(show(job_id)).startswith("Läuft")


def test_what_enqueue_returned_will_do_and_nothing_shows_nothing():
    enqueued = KeptJob.enqueue()

    assert words(show(enqueued)).startswith("Waiting")
    for nothing in (None, ""):
        assert show(nothing).strip() == ""


@pytest.mark.django_db(transaction=True)
def test_job_of_an_open_transaction_waits():
    with transaction.atomic():
        html = show(KeptJob.enqueue())

    assert words(html).startswith("Waiting")
    assert address_in(html)


def test_redis_that_is_away_costs_no_page(settings):
    settings.JOBS = {"REDIS_URL": f"redis://127.0.0.1:{free_port()}"}

    html = show("f" * 32)

    assert words(html).startswith("Not known just now")
    assert address_in(html)


def test_fake_jobs_of_a_test_are_shown():
    with mode("fake"):
        enqueued = KeptJob.enqueue()
        assert words(show(enqueued)).startswith("Waiting")
        drain()
        assert words(show(enqueued)) == "Done"


def test_missing_urls_are_told_with_the_remedy(settings, store):
    settings.ROOT_URLCONF = "tests.jobs.no_urls"

    with pytest.raises(ConfigurationError, match=r'path\("jobs/", include\("jobs.urls"\)\)'):
        show(make(store))


def test_template_without_a_request_is_told():
    with pytest.raises(ConfigurationError, match="needs the request"):
        Template(TAG).render(Context({"job": "a"}))


class TestAddress:
    """Who may fetch the piece, and of which job."""

    def fetch(self, url, request=None, **more):
        return fragment.show(request or request_of(**more), url.split("/")[-2])

    def may_fetch(self, url, **more):
        try:
            return self.fetch(url, **more).status_code == 200
        except fragment.Http404:
            return False

    def test_it_shows_the_newest(self, store):
        job_id = make(store)
        url = address_in(show(job_id))
        note(store, job_id, Progress(1, 4))

        response = self.fetch(url)

        assert words(response.content.decode()).startswith("Running")
        assert "1 of 4" in response.content.decode()
        assert "no-store" in response["Cache-Control"]

    @pytest.mark.django_db
    def test_it_is_found_under_the_urls_of_the_project(self, store, client):
        response = client.get(address_in(show(make(store))))

        assert response.status_code == 200
        assert client.post(response.request["PATH_INFO"]).status_code == 405

    @pytest.mark.django_db
    def test_project_that_asks_everybody_to_log_in_lets_the_token_decide(
        self, store, client, settings
    ):
        settings.MIDDLEWARE = [
            *settings.MIDDLEWARE,
            "django.contrib.auth.middleware.LoginRequiredMiddleware",
        ]

        assert client.get(address_in(show(make(store)))).status_code == 200

    @pytest.mark.django_db
    def test_address_is_of_its_user_alone(self, store):
        ada, bob = (User.objects.create_user(name) for name in ("ada", "bob"))
        url = address_in(show(make(store), request_of(ada)))

        assert self.may_fetch(url, user=ada)
        assert not self.may_fetch(url, user=bob)
        assert not self.may_fetch(url)

    def test_address_of_a_session_is_of_that_session_alone(self, store):
        url = address_in(show(make(store), request_of(session_key="a" * 32)))

        assert "a" * 32 not in url
        assert self.may_fetch(url, session_key="a" * 32)
        assert not self.may_fetch(url, session_key="b" * 32)
        assert not self.may_fetch(url)

    def test_token_of_one_job_is_none_of_another(self, store):
        mine, other = (address_in(show(make(store))) for _ in range(2))
        name, *_, signature = mine.split("/")[-2].split(":")
        of_other = other.split("/")[-2].split(":")[0]
        assert name != of_other

        assert not self.may_fetch(mine.replace(name, of_other))
        assert not self.may_fetch(mine.replace(signature, signature[::-1]))
        assert not self.may_fetch(f"/jobs/progress/{of_other}/")

    def test_token_made_for_something_else_opens_nothing(self, store):
        job_id = make(store)
        foreign = TimestampSigner(salt="elsewhere").sign(fragment.urlsafe_base64_encode(b"a"))

        assert not self.may_fetch(f"/jobs/progress/{foreign}/")
        assert not self.may_fetch(f"/jobs/progress/{job_id}/")

    def test_token_ends_after_a_day(self, store, monkeypatch):
        url = address_in(show(make(store)))
        monkeypatch.setattr(fragment, "LIFETIME", -1)

        assert LIFETIME == 86_400
        assert not self.may_fetch(url)

    def test_address_stays_the_same_for_an_hour(self, store, monkeypatch):
        job_id = make(store)
        addresses = []
        for second in (0, 3599, 3600):
            monkeypatch.setattr(fragment.time, "time", lambda now=1_764_000_000 + second: now)
            addresses.append(fragment.token_for(request_of(), job_id))

        assert addresses[0] == addresses[1] != addresses[2]

    def test_odd_id_of_a_middleware_comes_back(self, store):
        request = request_of()
        for job_id in ("a/../b", "x:y&z=%2F", "~" * 64):
            token = fragment.token_for(request, job_id)
            assert fragment.job_id_in(request, token) == job_id
