"""What type checkers know of `perform`: its parameters, and what it returns.

`job` and `enqueue` use it in annotations alone. Nothing here runs.
"""

from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeVar

#: The parameters of the `perform` of a job class.
P = ParamSpec("P")
#: What that `perform` returns.
R = TypeVar("R")
_R_co = TypeVar("_R_co", covariant=True)

if TYPE_CHECKING:
    from typing_extensions import ParamSpec as ParamSpecWithDefault

    #: Those of a `ConfiguredJob`. Without brackets it is one of any class.
    C = ParamSpecWithDefault("C", default=...)
else:
    C = ParamSpec("C")  # only type checkers need the default, which Python 3.13 brings


class Performs(Protocol[P, _R_co]):
    """A job whose `perform` has these parameters and returns that.

    `type[Performs[P, R]]` as the type of `cls` ties the arguments of `enqueue` to `perform`.
    """

    def perform(self, *args: P.args, **kwargs: P.kwargs) -> _R_co:
        """Do the work."""
