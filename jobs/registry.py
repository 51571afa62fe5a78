"""Which job classes this process knows, by name.

It is filled as classes are defined. The worker and the admin ask it.
"""

from typing import TYPE_CHECKING

from django.apps import apps

from jobs.errors import InvalidJob, UnknownJob

if TYPE_CHECKING:
    from jobs.job import Job


class Registry:
    """Job classes by their names.

    A name is `<app_label>.<ClassName>`, or `<module>.<ClassName>` outside of any app.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._unnamed: list[type[Job]] = []
        self._classes: dict[str, type[Job]] = {}
        self._names: dict[type[Job], str] = {}

    def add(self, job_class: "type[Job]") -> None:
        """Register a class.

        Before the app registry is ready, its name is settled on the first look-up.
        """
        self._unnamed.append(job_class)
        if apps.apps_ready:
            self._name_all()

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
            raise UnknownJob(name) from None

    def names(self) -> list[str]:
        """Return all names in order."""
        if self._unnamed:
            self._name_all()
        return sorted(self._classes)

    def _name_all(self) -> None:
        unnamed, self._unnamed = self._unnamed, []
        for job_class in unnamed:
            app = apps.get_containing_app_config(job_class.__module__)
            name = f"{app.label if app else job_class.__module__}.{job_class.__name__}"
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
            self._classes[name] = job_class
            self._names[job_class] = name


registry = Registry()
