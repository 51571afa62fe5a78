"""The parameters of `perform`, and which arguments fit them. Used by `job`."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jobs.errors import InvalidArguments, InvalidJob
from jobs.text import shortened

if TYPE_CHECKING:
    from jobs.job import Job

#: Most shapes of arguments that a class remembers.
_MOST_SHAPES = 100


class Parameters:
    """What `perform` of one job class takes.

    `names` are those of the arguments that can be given by position, `*args` the last.
    """

    def __init__(self, job_class: type, perform: Callable[..., Any]) -> None:
        """Look at the signature. Raise InvalidJob for what is no method."""
        if not inspect.isfunction(perform):
            raise InvalidJob(
                f"{job_class.__qualname__}: perform must be a method, not {perform!r}."
            )
        whole = inspect.signature(perform)
        itself, *parameters = whole.parameters.values()
        self._owner = job_class.__name__
        self._self_name = itself.name if itself.kind is itself.POSITIONAL_OR_KEYWORD else None
        self._signature = whole.replace(
            parameters=parameters, return_annotation=inspect.Signature.empty
        )
        self._counts = _positional_counts(parameters)
        #: Numbers of positional arguments, each with the names of the others, that were right.
        self._fitting: set[tuple[object, ...]] = set()
        by_name = {inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD}
        self.names = tuple(p.name for p in parameters if p.kind not in by_name)

    def check(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """Raise InvalidArguments unless `perform` can be called with these."""
        if not kwargs and len(args) in self._counts:
            return
        shape = (len(args), *kwargs)  # nothing else decides whether they fit
        if shape in self._fitting:
            return
        self._bind(args, kwargs)
        if len(self._fitting) < _MOST_SHAPES:
            self._fitting.add(shape)

    def bound(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments by the names of the parameters, with defaults.

        They must fit, see `check`.
        """
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return dict(bound.arguments)

    @property
    def all_names(self) -> tuple[str, ...]:
        """The names of all parameters."""
        return tuple(self._signature.parameters)

    @property
    def defaults(self) -> dict[str, Any]:
        """The parameters that have a default, with it."""
        all_of_them = self._signature.parameters.values()
        return {p.name: p.default for p in all_of_them if p.default is not p.empty}

    def _bind(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """Do as Python does when it calls `perform`."""
        try:
            self._signature.bind(*args, **kwargs)
        except TypeError as error:
            reason = shortened(str(error), 300)
            raise InvalidArguments(f"{self._owner}.perform{self._signature}: {reason}.") from error
        if self._self_name in kwargs:
            raise InvalidArguments(
                f"{self._owner}.perform calls its own job {self._self_name!r}, so no argument can "
                f"have that name. Write perform({self._self_name}, /, ...) to allow it."
            )


def parameters_of(job_class: "type[Job]") -> Parameters:
    """Return the parameters of a class that can perform."""
    return job_class._parameters  # noqa: SLF001  # for features, which look at the signature too


def _positional_counts(parameters: Sequence[inspect.Parameter]) -> range:
    """Return how many positional arguments are right when no others are given."""
    kinds = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
    positional = [p for p in parameters if p.kind in kinds]
    others = [p for p in parameters if p.kind not in kinds]
    if any(p.kind is p.KEYWORD_ONLY and p.default is p.empty for p in others):
        return range(0)
    least = sum(p.default is p.empty for p in positional)
    most = 1_000_000 if any(p.kind is p.VAR_POSITIONAL for p in others) else len(positional)
    return range(least, most + 1)
