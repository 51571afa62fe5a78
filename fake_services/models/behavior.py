"""How one service is told to misbehave.

It is switched in the browser and read on each request. There is one row per service that was ever
switched. `Service.behavior()` knows the default of the others.
"""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F

from fake_services.body import Body, JsonValue

#: The longest nap of a service, so that a slip of the finger does not hold a thread for a day.
MAX_SLEEP_SECONDS = 300
READING_METHODS = frozenset({"GET", "HEAD"})


class When(models.TextChoices):
    """When a crash strikes."""

    BEFORE = "before", "Before the work"
    AFTER = "after", "After the work, answer lost"


class What(models.TextChoices):
    """Which requests meet the misbehavior."""

    WRITES = "writes", "Writes only"
    EVERYTHING = "everything", "Everything"


class Behavior(models.Model):
    """Keep the switches of one service."""

    service = models.CharField(primary_key=True, max_length=32)
    throttle = models.BooleanField(default=False)
    crash = models.BooleanField(default=False)
    when = models.CharField(max_length=10, choices=When, default=When.BEFORE)
    what = models.CharField(max_length=10, choices=What, default=What.EVERYTHING)
    sleep_seconds = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(MAX_SLEEP_SECONDS)]
    )
    #: Counted down to 0; null means until switched off.
    remaining_requests = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)]
    )
    #: Only requests of this author misbehave, and where it is empty those of everybody. For
    #: services whose requests have an author.
    only_author = models.CharField(max_length=100, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.service}: {', '.join(self.describe()) or 'behaves well'}"

    @property
    def is_spent(self) -> bool:
        """Tell whether the last of its N requests has been taken."""
        return self.remaining_requests == 0

    def take(self, method: str, author: JsonValue = None) -> bool:
        """Tell whether a request meets this misbehavior, and count it down.

        One UPDATE decides, so exactly N requests are taken however many arrive at once.
        """
        if not (self.throttle or self.crash or self.sleep_seconds):
            return False
        if self._spares(method, author):
            return False
        if self.remaining_requests is None:
            return True
        still_on = Behavior.objects.filter(pk=self.pk, remaining_requests__gt=0)
        return still_on.update(remaining_requests=F("remaining_requests") - 1) == 1

    def _spares(self, method: str, author: JsonValue) -> bool:
        """Tell whether a request is one of those that do not misbehave."""
        if self.what == What.WRITES and method in READING_METHODS:
            return True
        return bool(self.only_author) and author != self.only_author

    def as_json(self) -> Body:
        """Return the switches for the status endpoint.

        An author is named only where there is one.
        """
        switches: Body = {
            "throttle": self.throttle,
            "crash": self.crash,
            "when": self.when,
            "what": self.what,
            "sleep_seconds": self.sleep_seconds,
            "remaining_requests": self.remaining_requests,
        }
        return {**switches, "only_author": self.only_author} if self.only_author else switches

    def describe(self) -> list[str]:
        """Return in a few words each what is switched on.

        The list is empty when the service behaves.
        """
        faults = [
            (self.throttle, "throttles"),
            (self.crash, f"crashes {self.when} the work"),
            (self.sleep_seconds, f"sleeps {self.sleep_seconds} s"),
        ]
        words = [word for is_on, word in faults if is_on]
        if words and self.what == What.WRITES:
            words.append("writes only")
        if words and self.only_author:
            words.append(f"{self.only_author} only")
        if words and self.remaining_requests is not None:
            words.append(f"requests left: {self.remaining_requests}")
        return words
