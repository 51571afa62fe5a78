"""The template tag for the pages of a project.

{% load jobs %}{% job_progress enqueued.id %}
"""

from typing import Any

from django import template
from django.template import Context

from jobs.enqueue import EnqueuedJob
from jobs.errors import ConfigurationError
from jobs.fragment import context_for

register = template.Library()


@register.inclusion_tag("jobs/progress.html", takes_context=True)
def job_progress(context: Context, job: str | EnqueuedJob | None, page: str = "") -> dict[str, Any]:
    """Show how far a job is, and go on until it has ended.

    It takes the id of a job, or what `enqueue` returned, and shows nothing for None or nothing.
    Without a script a link loads `page` again, by default the address of the request. Raise
    ConfigurationError where the template knows no request, or the URLs are not included.
    """
    job_id = job.id if isinstance(job, EnqueuedJob) else job
    if not job_id:
        return {}
    request = context.get("request")
    if request is None:
        raise ConfigurationError(
            "{% job_progress %} needs the request, since only its user may see the job. Use "
            "render(request, …), with the context processor django.template.context_processors"
            ".request."
        )
    return {
        **context_for(request, str(job_id)),
        "page": page or request.get_full_path(),
        "csp_nonce": context.get("csp_nonce"),
    }
