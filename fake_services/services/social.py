"""The social service: publishes a post, once per idempotency key, and shows them all.

Its misbehavior can be kept to one author, so that one bot is in trouble while the others are not.
"""

from django.http import HttpRequest, JsonResponse
from django.urls import path

from fake_services.body import is_blank
from fake_services.endpoint import Records, Status
from fake_services.models import Post
from fake_services.service import Service

#: An answer holds this many posts at most.
POSTS_PER_ANSWER = 500


class Posts(Records):
    """Hold the posts."""

    def get(self, request: HttpRequest, service: Service) -> JsonResponse:
        """Return the newest posts, newest first.

        With `author` only those of exactly this one.
        """
        found = Post.newest(request.GET.get("author"))
        return JsonResponse([post.as_json() for post in found[:POSTS_PER_ANSWER]], safe=False)

    def post(self, request: HttpRequest, service: Service) -> JsonResponse:
        """Publish a post, or return the one that was published earlier with this key.

        Where a value is missing nothing is published, and the first such value is named.
        """
        post = Post.with_key_of(self.body)
        if post is None:
            for required in ("author", "text"):
                if is_blank(self.body.get(required)):
                    return JsonResponse({"error": f"{required} required"}, status=422)
            post = Post.store_once(self.body)
        return JsonResponse({"post_id": post.external_id}, status=201)


SOCIAL = Service(
    slug="social",
    title="Social",
    heading="Social",
    company="Subspace Social",
    record=Post,
    endpoints=(
        path("status", Status.as_view()),
        path("posts", Posts.as_view()),
    ),
    has_authors=True,
)
