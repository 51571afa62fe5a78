"""The piece of a page that shows how far one job is.

The tag `{% job_progress enqueued.id %}` puts it into the page, with an address from which a script
fetches the newest. The address holds a signed token: it is good for one job, for who got the page,
and for a day.
"""

import time
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.signing import BadSignature, TimestampSigner, b62_encode
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from jobs.abilities import awaits_commit
from jobs.conf import get_settings
from jobs.errors import ConfigurationError, JobsError
from jobs.features.results.desks import named_queues, switch
from jobs.inspect.record import progress_in_words
from jobs.progress import Progress
from jobs.store.bounded import time_limited
from jobs.store.whereabouts import Glance, Whereabout

#: The name of the address, as `reverse` takes it.
ADDRESS = "jobs_progress"
#: How long a token is good, in seconds, give or take an hour. An older page is to be loaded again.
LIFETIME = 86_400
#: The longest that a page waits for Redis, in seconds.
PATIENCE = 0.5

#: What the user reads, by the place of the job. Of a job that is gone nobody knows how it ended.
LABELS: dict[Whereabout, str | Promise] = {
    "ready": gettext_lazy("Waiting"),
    "scheduled": gettext_lazy("Waiting"),
    "retry": gettext_lazy("Waiting for another attempt"),
    "running": gettext_lazy("Running"),
    "done": gettext_lazy("Done"),
    "dead": gettext_lazy("Failed"),
    "gone": gettext_lazy("Ended"),
}
NOT_KNOWN = gettext_lazy("Not known just now")
#: Where nothing will change by itself any more.
FINAL = frozenset({"done", "dead", "gone"})


@dataclass(frozen=True, slots=True)
class State:
    """How far a job is, for its user.

    No error and no argument is in it. `place` is empty where it is not known, since Redis is away.
    """

    place: Whereabout
    progress: Progress | None = None

    @property
    def label(self) -> str | Promise:
        """What the user reads."""
        return LABELS.get(self.place, NOT_KNOWN)

    @property
    def is_final(self) -> bool:
        """Whether nothing will change by itself any more."""
        return self.place in FINAL

    @property
    def text(self) -> str:
        """What the job told of its progress, in words."""
        if self.progress is None:
            return ""
        return progress_in_words(self.progress, get_settings().redact)


def state_of(job_id: str) -> State:
    """Return how far a job is.

    It raises nothing, since a page must not fail for it. Three round trips, O(queues).
    """
    if awaits_commit(job_id):
        return State("ready")
    try:
        with time_limited(PATIENCE):
            glance = _glance_at(job_id)
    except JobsError:
        return State("")
    return State(glance.place, Progress.decode(glance.note))


def _glance_at(job_id: str) -> Glance:
    desk = switch.current()
    queue = desk.queue_of(job_id, named_queues())
    return Glance("gone") if queue is None else desk.look(queue, job_id, "never")


@require_safe
@never_cache
@login_not_required  # the token says who may see it
def show(request: HttpRequest, token: str) -> HttpResponse:
    """Show the script of a page how far the job of a token is."""
    state = state_of(job_id_in(request, token))
    return render(request, "jobs/_progress_state.html", {"state": state})


def context_for(request: HttpRequest, job_id: str) -> dict[str, Any]:
    """Return what the template of the tag needs. Raise ConfigurationError without an address."""
    try:
        url = reverse(ADDRESS, args=[token_for(request, job_id)])
    except NoReverseMatch as error:
        raise ConfigurationError(
            "{% job_progress %} has no address to refresh itself from. Add it to the URLs of the "
            'project, outside of any namespace: path("jobs/", include("jobs.urls")).'
        ) from error
    return {"state": state_of(job_id), "url": url}


def token_for(request: HttpRequest, job_id: str) -> str:
    """Return a token with which this user, and no other, may see this job."""
    return _signer(request).sign(urlsafe_base64_encode(job_id.encode("utf-8", "surrogatepass")))


def job_id_in(request: HttpRequest, token: str) -> str:
    """Return the job of a token.

    Raise Http404 for a token that is not for this user, or too old.
    """
    try:
        signed = _signer(request).unsign(token, max_age=LIFETIME)
    except BadSignature as error:
        raise Http404("This is no token of yours, or it is too old.") from error
    return urlsafe_base64_decode(signed).decode("utf-8", "surrogatepass")


class _HourlySigner(TimestampSigner):
    """Makes the same token for an hour.

    So a page that did not change stays the same page.
    """

    def timestamp(self) -> str:
        return b62_encode(int(time.time()) // 3600 * 3600)


def _signer(request: HttpRequest) -> TimestampSigner:
    """Return a signer for this user.

    Who that is stands in no token, only in its signature.
    """
    return _HourlySigner(salt=f"jobs.progress {_viewer(request)}")


def _viewer(request: HttpRequest) -> str:
    """Return who looks: a user, a session, or anybody where the project has neither."""
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return f"user {user._meta.label} {user.pk}"
    session = getattr(request, "session", None)
    key = None if session is None else session.session_key
    return f"session {key}" if key else "anybody"
