"""Collect the texts of the package for translation, and compile the translations.

    python ci/messages.py            bring jobs/locale up to date
    python ci/messages.py --check    name what is missing there, and change nothing

It does what `makemessages` and `compilemessages` do, without the programs of gettext. The same
texts make the same files: no dates, no line numbers, no names of tools. `bin/ci messages` checks
both.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

PACKAGE = Path(__file__).resolve().parent.parent / "jobs"
LANGUAGES = ("de", "fr")
#: When a language says its second form, the plural. Written down here, since versions of Babel
#: differ. Newer ones give French a third form for whole millions, of which Django's own texts know
#: nothing.
PLURALS = {"de": "(n != 1)", "fr": "(n > 1)"}
TEMPLATES = frozenset({".html", ".txt"})
_LAZY = {
    f"{name}_lazy": DEFAULT_KEYWORDS[name]
    for name in ("gettext", "ngettext", "pgettext", "npgettext")
}
KEYWORDS = DEFAULT_KEYWORDS | _LAZY | {"gettext_noop": None}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[a-z]|\{\w*\}")


class Translations(Catalog):
    """The messages of one language under a header that is always the same."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        """Return the lines of the header."""
        return [
            ("Language", str(self.locale)),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", f"{self.plural_forms}\n"),
        ]

    @mime_headers.setter
    def mime_headers(self, value: Iterable[tuple[str, str]]) -> None:
        """Refuse any other header."""
        raise AttributeError("The header is always the same.")

    @property
    def num_plurals(self) -> int:
        """Return how many forms a text with a number has."""
        return 2

    @property
    def plural_expr(self) -> str:
        """Return the C expression that picks the form for a number `n`."""
        return PLURALS[str(self.locale)]


def main(arguments: Sequence[str]) -> int:
    """Update the translations, or print what is wrong with them.

    Return the exit code.
    """
    if "--check" not in arguments:
        for language in LANGUAGES:
            update(PACKAGE, language)
    found = [complaint for language in LANGUAGES for complaint in check(PACKAGE, language)]
    print("\n".join(found) or f"Everything is translated: {', '.join(LANGUAGES)}.")
    return 1 if found and "--check" in arguments else 0


def update(package: Path, language: str) -> None:
    """Write the messages of one language and compile them."""
    translations = translate(collect(package), read(package, language), language)
    path = path_of(package, language)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(as_po(translations))
    path.with_suffix(".mo").write_bytes(as_mo(translations))


def check(package: Path, language: str) -> Iterator[str]:
    """Yield what is wrong with the translations of one language."""
    path, texts, known = path_of(package, language), collect(package), read(package, language)
    expected = translate(texts, known, language)
    yield from (
        f"{language}: no longer used: {shown(old)}"
        for old in known
        if old.id and not is_in(texts, old)
    )
    yield from (
        f"{language}: {problem}: {shown(m)}"
        for m in sorted(expected)
        if m.id
        for problem in problems(m)
    )
    compiled = path.with_suffix(".mo")
    if not path.exists() or path.read_bytes() != as_po(expected):
        yield f"{language}: {path.name} is out of date; run: python ci/messages.py"
    if not compiled.exists() or compiled.read_bytes() != as_mo(expected):
        yield f"{language}: {compiled.name} is stale; run: python ci/messages.py"


def collect(package: Path) -> Catalog:
    """Return all texts of the package that are marked for translation."""
    texts = Catalog()
    for path in sorted(package.rglob("*")):
        if path.suffix == ".py" or (path.suffix in TEMPLATES and "templates" in path.parts):
            source = path.read_text(encoding="utf-8")
            code = source if path.suffix == ".py" else code_of(source, path)
            stream = BytesIO(code.encode())
            for _, text, comments, context in extract(
                "python", stream, KEYWORDS, comment_tags=["Translators:"]
            ):
                texts.add(text, auto_comments=comments, context=context)
    return texts


def code_of(template: str, path: Path) -> str:
    """Return the calls of gettext that a template amounts to.

    `templatize` indents them at random, and with that they would not be Python.
    """
    return "\n".join(line.lstrip() for line in templatize(template, origin=str(path)).splitlines())


def translate(texts: Catalog, known: Catalog, language: str) -> Translations:
    """Return these texts with the translations that are known.

    What is no longer used is left out.
    """
    made = Translations(locale=language, header_comment=known.header_comment, fuzzy=False)
    for text in texts:
        if not text.id:
            continue
        found = known.get(text.id, text.context)
        old = found if found and found.id == text.id else Message(text.id)
        made.add(
            text.id,
            old.string,
            context=text.context,
            flags=old.flags & {"fuzzy"},
            auto_comments=text.auto_comments,
            user_comments=old.user_comments,
        )
    return made


def is_in(catalog: Catalog, message: Message) -> bool:
    """Whether a catalog has a message with the same text, plural and context."""
    found = catalog.get(message.id, message.context)
    return found is not None and found.id == message.id


def problems(message: Message) -> Iterator[str]:
    """Yield what is wrong with one translation."""
    ids, strings = forms(message.id), forms(message.string)
    if not all(strings):
        yield "untranslated"
    elif any(
        placeholders(string) not in map(placeholders, ids[n:] or ids[-1:])
        for n, string in enumerate(strings)
    ):
        yield "placeholders differ"
    if message.fuzzy:
        yield "fuzzy"


def forms(text: str | Sequence[str] | None) -> list[str]:
    """Return the singular and the plurals of a message, or its only text."""
    return [text] if isinstance(text, str) else list(text or [""])


def placeholders(text: str) -> list[str]:
    """Return what stands in a text for a value, sorted."""
    return sorted(PLACEHOLDER.findall(text.replace("%%", "")))


def shown(message: Message) -> str:
    """Return a message as the complaints name it."""
    return f"{forms(message.id)[0]!r}" + (f" ({message.context})" if message.context else "")


def path_of(package: Path, language: str) -> Path:
    """Return where the messages of a language are."""
    return package / "locale" / language / "LC_MESSAGES" / "django.po"


def read(package: Path, language: str) -> Catalog:
    """Return the translations as they are. Without a file there are none."""
    path = path_of(package, language)
    if not path.exists():
        return Catalog(locale=language, header_comment=f"# {language}")
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def as_po(translations: Translations) -> bytes:
    """Return the text file that translators edit."""
    file = BytesIO()
    write_po(file, translations, width=0, no_location=True, sort_output=True)
    return file.getvalue()


def as_mo(translations: Translations) -> bytes:
    """Return the compiled file that Django reads."""
    file = BytesIO()
    write_mo(file, translations)
    return file.getvalue()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
