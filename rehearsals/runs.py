"""The last run of each drill.

It is kept in the session of whoever pressed the button. The views alone use it.
"""

from django.http import HttpRequest

from rehearsals.drill import Drill, Run

#: Where the session keeps the runs.
KEY = "rehearsals"


def kept_run(request: HttpRequest, drill: Drill) -> Run | None:
    """Return the last run of a drill in this session."""
    kept = request.session.get(KEY, {}).get(drill.slug)
    return Run.from_json(kept) if kept else None


def keep_run(request: HttpRequest, drill: Drill, run: Run) -> None:
    """Keep a run, in place of the one before."""
    request.session[KEY] = {**request.session.get(KEY, {}), drill.slug: run.as_json()}


def forget_run(request: HttpRequest, drill: Drill) -> None:
    """Forget the last run of a drill."""
    request.session[KEY] = {
        slug: kept for slug, kept in request.session.get(KEY, {}).items() if slug != drill.slug
    }
