"""The app, with a listener that always fails."""

from django.apps import AppConfig


class ShopConfig(AppConfig):
    """The shop."""

    name = "shop"

    def ready(self) -> None:
        """Subscribe when all models are there."""
        from jobs.events import JobEnded, subscribe  # noqa: PLC0415  # as the docs show it

        @subscribe(JobEnded)
        def fail(event: JobEnded) -> None:
            raise RuntimeError("a listener that harms nobody")
