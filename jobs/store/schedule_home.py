"""What Redis knows of all periodic entries together.

Who announced which, where they live, and what people have changed. It is one hash, which
supervisors and pages read whole. `schedules.py` and `kept_schedules.py` write it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from jobs.store.reader import WHOLE
from jobs.text import text_of

#: What stands between the job class and the name of an entry that is kept in the database. Entries
#: on job classes cannot have it in their names.
KEPT = ":db."


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry from the database, as it was mirrored.

    `revision` is when it was written last, by Redis' clock in ms: the higher one is the newer one.
    `document` is JSON.
    """

    revision: int
    is_on: bool
    document: str

    @property
    def text(self) -> str:
        """Return it as it is written, without its revision: "on document"."""
        return f"{'on' if self.is_on else 'off'} {self.document}"


@dataclass(frozen=True, slots=True)
class Override:
    """Another time for an entry of the code, until that entry changes there.

    It holds for entries of this `spec` only. `revision` is a number between those of boots, `at` is
    when somebody wanted it, in ms. Without a `document` it was taken back.
    """

    revision: int
    at: int
    spec: str
    document: str


@dataclass(frozen=True, slots=True)
class Home:
    """Where each entry is at home.

    `boot` announced its entries last, those of these `names`, which the code has in these `specs`.
    It knows these `classes` as schedulable. `generation` grows with each change that people make.
    """

    boot: int = -1
    names: frozenset[str] = frozenset()
    queues: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    specs: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    generation: int = 0
    classes: frozenset[str] = frozenset()
    kept: Mapping[str, Kept] = field(default_factory=lambda: MappingProxyType({}))
    overrides: Mapping[str, Override] = field(default_factory=lambda: MappingProxyType({}))

    def rests(self, name: str) -> bool:
        """Tell whether the newest code does not know an entry."""
        if is_kept(name):
            return name not in self.kept or class_of(name) not in self.classes
        return name not in self.names

    def is_off(self, name: str) -> bool:
        """Tell whether people have switched off an entry in the database."""
        return name in self.kept and not self.kept[name].is_on


def is_kept(name: str) -> bool:
    """Tell whether an entry of this name is one of the database."""
    return KEPT in name


def class_of(name: str) -> str:
    """Return the job class of an entry."""
    return name.partition(":")[0]


def home_of(fields: Mapping[bytes, bytes]) -> Home:
    """Return what the hash of all entries says.

    What cannot be read counts as not there.
    """
    texts = {text_of(name): text_of(value) for name, value in fields.items()}
    kept = {name: _kept(text) for name, text in _under("kept:", texts).items()}
    overrides = {name: _override(text) for name, text in _under("override:", texts).items()}
    return Home(
        boot=number_in(fields.get(b"boot"), -1),
        names=frozenset(texts.get("names", "").split()),
        queues=_under("queue:", texts),
        specs=_under("spec:", texts),
        generation=number_in(fields.get(b"generation")),
        classes=frozenset(texts.get("classes", "").split()),
        kept={name: value for name, value in kept.items() if value},
        overrides={name: value for name, value in overrides.items() if value},
    )


def number_in(text: bytes | None, default: int = 0) -> int:
    """Return the number in an answer, the default where there is none."""
    return int(text) if text is not None and WHOLE.fullmatch(text) else default


def _under(prefix: str, texts: Mapping[str, str]) -> dict[str, str]:
    found = [(name, text) for name, text in texts.items() if name.startswith(prefix)]
    return {name.removeprefix(prefix): text for name, text in found}


def _kept(text: str) -> Kept | None:
    """Return the entry in "revision on document"."""
    revision, _, rest = text.partition(" ")
    word, _, document = rest.partition(" ")
    if not _is_number(revision) or word not in {"on", "off"}:
        return None
    return Kept(int(revision), word == "on", document)


def _override(text: str) -> Override | None:
    """Return the override in "revision time spec document"."""
    parts = text.split(" ", 3)
    if len(parts) != 4 or not _is_number(parts[0]) or not _is_number(parts[1]):
        return None
    return Override(int(parts[0]), int(parts[1]), parts[2], parts[3])


def _is_number(text: str) -> bool:
    return WHOLE.fullmatch(text.encode()) is not None
