"""Which job classes this process knows, by name.

It is filled as classes are defined. The worker and the admin ask it. Who makes job classes of
something else, such as functions, is asked for the names that are not known here.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.apps import apps

from jobs.errors import InvalidJob, UnknownJob

if TYPE_CHECKING:
    from jobs.job import Job


class Registry:
    """Job classes by their names.

    A name is `<app_label>.<ClassName>`, or `<module>.<ClassName>` outside of any app, unless the
    class says another.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._unnamed: list[tuple[type[Job], str]] = []
        self._others: list[Callable[[str], type[Job] | None]] = []
        self._classes: dict[str, type[Job]] = {}
        self._names: dict[type[Job], str] = {}

    def add(self, job_class: "type[Job]", stored_as: str = "") -> None:
        """Register a class, under a name of its own if it has one.

        Before the app registry is ready, its name is settled on the first look-up.
        """
        if not apps.apps_ready:
            self._unnamed.append((job_class, stored_as))
            return
        # By itself: threads may meet new classes at once, and take turns at any moment.
        self._name_all()
        self._name(job_class, stored_as)

    def ask_also(self, finder: Callable[[str], "type[Job] | None"]) -> None:
        """Ask this function for names that are not known here.

        It returns a class that is registered under the name, None for what it does not know. It
        may raise UnknownJob with a cause.
        """
        if finder not in self._others:
            self._others.append(finder)

    def name_of(self, job_class: "type[Job]") -> str:
        """Return the name under which jobs of this class are stored."""
        if self._unnamed:
            self._name_all()
        return self._names[job_class]

    def find(self, name: str) -> "type[Job]":
        """Return the class of this name, or raise UnknownJob."""
        if self._unnamed:
            self._name_all()
        try:
            return self._classes[name]
        except KeyError:
            pass
        for finder in self._others:
            if found := finder(name):
                return found
        raise UnknownJob(name)

    def names(self) -> list[str]:
        """Return all names in order."""
        if self._unnamed:
            self._name_all()
        return sorted(self._classes)

    def queues(self) -> set[str]:
        """Return the queues that the job classes name."""
        return {self.find(name).options.queue for name in self.names()}

    def _name_all(self) -> None:
        unnamed, self._unnamed = self._unnamed, []
        for job_class, stored_as in unnamed:
            self._name(job_class, stored_as)

    def _name(self, job_class: "type[Job]", stored_as: str) -> None:
        name = stored_as or _usual_name(job_class)
        other = self._classes.get(name)
        if other and (other.__module__, other.__qualname__) != (
            job_class.__module__,
            job_class.__qualname__,
        ):
            raise InvalidJob(
                f"{job_class.__module__}.{job_class.__qualname__} and "
                f"{other.__module__}.{other.__qualname__} are both stored as {name!r}; "
                "rename one of them."
            )
        self._names[job_class] = name
        self._classes[name] = job_class


def _usual_name(job_class: "type[Job]") -> str:
    app = apps.get_containing_app_config(job_class.__module__)
    return f"{app.label if app else job_class.__module__}.{job_class.__name__}"


registry = Registry()
