"""The translations of a package.

What is marked is collected, what is translated is kept, and what is missing is named.
"""

import gettext

import messages
import pytest

CODE = """
from django.utils.translation import gettext as _, gettext_lazy, ngettext, pgettext

TITLE = gettext_lazy("Queues")
NOTHING = _("Nothing " "here")
DAY = pgettext("date format", "M j")


def count(n):
    return ngettext("%(n)d job", "%(n)d jobs", n) % {"n": n}
"""
TEMPLATE = """\
{% load i18n %}
<h1>{% translate "Queues" %} {{ x|default:_("none") }}</h1>
      {% if it %}
  <p title="don't (worry">{% blocktranslate trimmed with name=it.name %}
      It's called
      {{ name }}: 100%
  {% endblocktranslate %}</p>
 {% else %}
  {% blocktranslate count n=n %}{{ n }} row{% plural %}{{ n }} rows{% endblocktranslate %}
 {% endif %}
"""
TEXTS = [
    "%(n)d job",
    "%(n)s row",
    "It's called %(name)s: 100%%",
    "M j",
    "Nothing here",
    "Queues",
    "none",
]


@pytest.fixture
def package(tmp_path):
    """Make a package with texts in Python and in a template.

    Its locale is up to date but not translated.
    """
    (tmp_path / "templates").mkdir()
    (tmp_path / "views.py").write_text(CODE)
    (tmp_path / "templates" / "page.html").write_text(TEMPLATE)
    messages.update(tmp_path, "de")
    return tmp_path


def edit(package, old, new):
    """Change the translations by hand."""
    path = messages.path_of(package, "de")
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))


def translate(package, text, translation):
    edit(package, f'msgid "{text}"\nmsgstr ""', f'msgid "{text}"\nmsgstr "{translation}"')


def complaints(package):
    return list(messages.check(package, "de"))


def test_texts_of_python_and_templates_are_collected_in_order(package):
    made = messages.read(package, "de")

    assert [messages.forms(text.id)[0] for text in made if text.id] == TEXTS
    assert made.get("%(n)s row").id == ("%(n)s row", "%(n)s rows")
    assert made.get("M j", "date format") is not None


def test_files_are_the_same_however_often_they_are_made(package):
    path = messages.path_of(package, "de")
    before = path.read_bytes(), path.with_suffix(".mo").read_bytes()

    messages.update(package, "de")

    assert (path.read_bytes(), path.with_suffix(".mo").read_bytes()) == before
    assert b"Date" not in before[0]
    assert b"page.html" not in before[0]


@pytest.mark.parametrize(("language", "singulars"), [("de", [1]), ("fr", [0, 1])])
def test_plurals_do_not_depend_on_the_version_of_babel(package, language, singulars):
    messages.update(package, language)

    path = messages.path_of(package, language)
    form_of = gettext.c2py(messages.PLURALS[language])
    assert f"nplurals=2; plural={messages.PLURALS[language]};" in path.read_text()
    assert [n for n in range(4) if form_of(n) == 0] == singulars
    assert form_of(1_000_000) == 1
    assert "msgstr[2]" not in path.read_text()


def test_header_of_the_translations_cannot_be_changed():
    with pytest.raises(AttributeError, match="always the same"):
        messages.Translations(locale="de").mime_headers = [("Date", "today")]


def test_untranslated_texts_are_named(package):
    assert sorted(complaints(package)) == sorted(
        f"de: untranslated: {text!r}{' (date format)' if text == 'M j' else ''}" for text in TEXTS
    )


def test_translations_are_kept_and_compiled(package):
    translate(package, "Queues", "Warteschlangen")
    edit(package, 'msgstr[0] ""\nmsgstr[1] ""', 'msgstr[0] "%(n)d Job"\nmsgstr[1] "%(n)d Jobs"')
    (package / "views.py").write_text(CODE + 'NEW = _("New")\n')

    messages.update(package, "de")

    with messages.path_of(package, "de").with_suffix(".mo").open("rb") as file:
        german = gettext.GNUTranslations(file)
    assert german.gettext("Queues") == "Warteschlangen"
    assert german.ngettext("%(n)d job", "%(n)d jobs", 2) == "%(n)d Jobs"
    assert german.gettext("New") == "New"
    assert "de: untranslated: 'New'" in complaints(package)


def test_comment_at_the_head_is_kept(package):
    path = messages.path_of(package, "de")
    path.write_text(
        "# Glossary\n#\n# queue   Warteschlange\n" + path.read_text().removeprefix("# de\n")
    )

    messages.update(package, "de")

    assert path.read_text().startswith('# Glossary\n#\n# queue   Warteschlange\nmsgid ""\n')


def test_text_that_is_gone_is_named_and_dropped(package):
    (package / "views.py").write_text(CODE.replace('"Nothing "', '"Naught "'))

    found = complaints(package)
    messages.update(package, "de")

    assert "de: no longer used: 'Nothing here'" in found
    assert "de: untranslated: 'Naught here'" in found
    assert "de: django.po is out of date; run: python ci/messages.py" in found
    assert "Nothing here" not in messages.path_of(package, "de").read_text()


def test_text_that_gets_a_plural_is_translated_anew(package):
    translate(package, "Nothing here", "Nichts hier")
    (package / "views.py").write_text(
        CODE.replace('_("Nothing " "here")', 'ngettext("Nothing here", "No", 2)')
    )

    messages.update(package, "de")

    assert "de: untranslated: 'Nothing here'" in complaints(package)


@pytest.mark.parametrize(
    ("text", "translation", "is_good"),
    [
        ("It's called %(name)s: 100%%", "%(name)s heißt es, zu 100%%", True),
        ("It's called %(name)s: 100%%", "Es heißt %(nam)s: 100%%", False),
        ("It's called %(name)s: 100%%", "Es heißt", False),
        ("It's called %(name)s: 100%%", "Es heißt %(name)s oder {name}", False),
        ("Queues", "Warteschlangen", True),
        ("Queues", "%s Warteschlangen", False),
    ],
)
def test_translation_has_the_placeholders_of_its_text(package, text, translation, is_good):
    translate(package, text, translation)

    assert (f"de: placeholders differ: {text!r}" in complaints(package)) is not is_good


@pytest.mark.parametrize(
    ("ids", "strings", "is_good"),
    [
        (("%(n)d job", "%(n)d jobs"), ("%(n)d Job", "%(n)d Jobs"), True),
        (("one job", "%(n)d jobs"), ("ein Job", "%(n)d Jobs"), True),
        (("one job", "%(n)d jobs"), ("%(n)d Job", "%(n)d Jobs"), True),
        (("one job", "%(n)d jobs"), ("ein Job", "Jobs"), False),
        (("%(n)d job", "%(n)d jobs"), ("ein Job", "%(n)d Jobs"), False),
    ],
)
def test_only_the_singular_may_do_without_the_number_and_only_if_it_does_in_english(
    ids, strings, is_good
):
    found = list(messages.problems(messages.Message(ids, strings)))

    assert found == ([] if is_good else ["placeholders differ"])


def test_fuzzy_translation_is_named(package):
    translate(package, "Queues", "Schlangen")
    edit(package, 'msgid "Queues"', '#, fuzzy\nmsgid "Queues"')

    assert "de: fuzzy: 'Queues'" in complaints(package)


def test_compiled_file_must_be_that_of_the_translations(package):
    translate(package, "Queues", "Warteschlangen")

    assert "de: django.mo is stale; run: python ci/messages.py" in complaints(package)

    messages.update(package, "de")

    assert not any("stale" in complaint for complaint in complaints(package))


def test_command_checks_or_updates(package, monkeypatch, capsys):
    monkeypatch.setattr(messages, "PACKAGE", package)
    monkeypatch.setattr(messages, "LANGUAGES", ("de", "fr"))

    assert messages.main(["--check"]) == 1
    assert messages.main([]) == 0
    assert "fr: untranslated: 'Queues'" in capsys.readouterr().out
    assert messages.path_of(package, "fr").with_suffix(".mo").exists()
    for path in (package / "views.py", package / "templates" / "page.html"):
        path.write_text("")
    messages.main([])
    assert messages.main(["--check"]) == 0
