r"""Hides secrets within a text: in addresses, in JSON, in headers, and behind `name=`.

Used by `redaction`, which knows the names of secrets. A text is no data, so what stands around a
value decides:

    https://user:x@host    {"password": "x"}    Authorization: Bearer x    password=x

Behind a colon without quotes a plain word is no secret: `Token: expired` is a sentence.

The time is linear in the length of the text, whatever it says.
"""

import re
from collections.abc import Callable
from functools import cache
from urllib.parse import unquote

#: What stands in the place of a secret.
REDACTED = "[redacted]"
#: Tells of a name and a value under it whether that is hidden. None stands for no secret at all.
IsHidden = Callable[[str, str | float | None], bool]
Span = tuple[int, int]

#: The password in `scheme://user:password@host`, also one with `/`, `?` or `#` in it. What stands
#: after a port is a path. No part reaches beyond the next `://`, so the search is linear.
_URL_PASSWORD = re.compile(
    r"(://[^\s/?#:@]*:)"
    r"(?:[^\s/?#]+@|(?!@|\d{1,5}[/?#])[^\s@:]*+(?::(?!//)[^\s@:]*+)*+@(?:[^\s/?#@]*@)*)"
)
#: What stands alone before a host of the web is a token. Elsewhere it is a name: `ssh://git@host`.
_URL_TOKEN = re.compile(r"((?:https?|wss?)://)[^\s/?#:@]+(:(?:x-oauth-basic)?)?@")
#: A value in the query of an address, or in a form as a browser sends it.
_QUERY_VALUE = re.compile(r"(\A|[?&;#])([^\s?&;#=]{1,100})=(\"[^\s\"]*\"|[^\s&;#\"<>]+)")
#: A name, and the sign behind it. Its quotes may be escaped, as in JSON within JSON. Only a name in
#: quotes has several words. No part looks back, so the search is linear.
_NAME = re.compile(
    r"(?<![\w.-])(?P<name>[\w.-]{1,100}+(?:(?: [\w.-]{1,100}+){1,3}+(?=\\{0,7}[\"']))?)"
    r"(?P<quote>\\{0,7}[\"'])?[\])]?[ \t]{0,9}(?P<sign>=>?|:)(?![:=])[ \t]{0,9}"
)
_OPENING_QUOTE = re.compile(r"[bru]?(\\{0,7}[\"'])")
#: A bracket, or a string in which brackets are text.
_BRACKET = re.compile(r"[\[{(\]})]|\"[^\"\\]*+(?:\\.[^\"\\]*+)*+\"?", re.DOTALL)
_WORD = re.compile(r"[^\s&;\"<>]+")
#: What stands behind a name in quotes, as in JSON: a number, say.
_SCALAR = re.compile(r"[^\s\"',;&<>)}\]]+")
#: The word behind the scheme in a header Authorization.
_AUTHORIZATION = re.compile(
    r"(?:bearer|basic|digest|negotiate|token|apikey)[ \t]+([^\s\"<>]+)", re.IGNORECASE
)
_COOKIES = re.compile(r"[^\s=;\"<>]{1,100}+=[^\s;\"<>]*(?:;[ \t]*[^\s;\"<>]+)*")
_BEARER = re.compile(r"\b([Bb]earer[ \t]{1,9})([^\s&;\"'<>,]+)")
#: `TokenError: 17` names an error.
_ERROR_CLASS = re.compile(r"(?:Error|Exception|Warning)\Z")
_NO_SECRETS = frozenset({"", "none", "null", "nil", "undefined", "true", "false"})
_PUNCTUATION = ".,:;!?()[]{}'…"
#: A plain word is shorter.
_MOST_LETTERS = 20
#: The shortest number that is a secret, and the longest that counts something.
_LEAST_DIGITS, _MOST_DIGITS = 3, 20
#: A place in the code with its lines, as tracebacks show it. Bars stand before it in groups.
_FRAME = re.compile(r"^(?: *\|)*+ *+File \"[^\n]*(?:\n(?: *\|)*+    [^\n]*)*", re.MULTILINE)


def without_secrets(text: str, is_hidden: IsHidden) -> str:
    """Return a text without the secrets in it."""
    if "://" in text:
        text = _URL_TOKEN.sub(rf"\1{REDACTED}@", text)
        text = _URL_PASSWORD.sub(rf"\1{REDACTED}@", text)
    if "=" in text or ":" in text:
        text = _without_named(text, is_hidden)
    if "=" in text:
        text = _QUERY_VALUE.sub(lambda found: _without_parameter(found, is_hidden), text)
    if "earer" in text:
        text = _BEARER.sub(lambda found: _without_bearer(found, is_hidden), text)
    return text


def traceback_without_secrets(text: str, is_hidden: IsHidden) -> str:
    """Return a traceback without the secrets in its messages.

    Lines of code are left alone: `token=token` tells nothing.
    """
    parts, done = [], 0
    for frame in _FRAME.finditer(text):
        parts += [without_secrets(text[done : frame.start()], is_hidden), frame[0]]
        done = frame.end()
    return "".join([*parts, without_secrets(text[done:], is_hidden)])


def _without_parameter(found: re.Match[str], is_hidden: IsHidden) -> str:
    before, name, value = found.groups()
    is_secret = is_hidden(unquote(name), _value_of(value))
    return f"{before}{name}={REDACTED}" if is_secret else found[0]


def _without_bearer(found: re.Match[str], is_hidden: IsHidden) -> str:
    before, word = found.groups()
    is_secret = is_hidden("bearer", "") and not _is_plain(word)
    return f"{before}{REDACTED}" if is_secret else found[0]


def _without_named(text: str, is_hidden: IsHidden) -> str:
    parts, done, at = [], 0, 0
    while name := _NAME.search(text, at):
        at = name.end()
        if span := _secret_behind(name, is_hidden):
            parts += [text[done : span[0]], REDACTED]
            done = at = span[1]
    return "".join([*parts, text[done:]])


def _secret_behind(name: re.Match[str], is_hidden: IsHidden) -> Span | None:
    """Return where the secret behind a name stands, None without one."""
    text, start = name.string, name.end()
    in_sentence = name["sign"] == ":" and not name["quote"]
    label = _spoken(name) if in_sentence else name["name"]
    if not label or not is_hidden(label, ""):
        return None
    brackets = "[{" if in_sentence else "[{("
    span = _quoted(text, start) or _bracketed(text, start, brackets)
    if span := span or _in_header(text, start, label, in_sentence=in_sentence):
        return span
    word = (_SCALAR if name["quote"] else _WORD).match(text, start)
    if word is None or (in_sentence and _is_plain(word[0])):
        return None
    return word.span() if is_hidden(label, _value_of(word[0])) else None


def _spoken(name: re.Match[str]) -> str:
    """Return the name before a colon, nothing where it is none.

    In `jobs:token:17` it is part of a key, and `auth.py:17` is a place in the code.
    """
    is_part = name.string[name.start() - 1 : name.start()] in {":", "/"}
    is_none = is_part or _ERROR_CLASS.search(name["name"])
    return "" if is_none else name["name"].rpartition(".")[2]


def _quoted(text: str, start: int) -> Span | None:
    """Return what stands between quotes, or to the end where no quote follows."""
    opening = _OPENING_QUOTE.match(text, start)
    if not opening:
        return None
    closing = _closing(opening[1]).search(text, opening.end())
    return opening.end(), closing.start() if closing else len(text)


@cache
def _closing(quote: str) -> re.Pattern[str]:
    """Return what finds the next quote of the same kind, escaped as often."""
    return re.compile(rf"(?<!\\){re.escape(quote)}")


def _bracketed(text: str, start: int, brackets: str) -> Span | None:
    """Return what stands from one of these brackets to its counterpart."""
    if text[start : start + 1] not in [*brackets]:
        return None
    depth = 0
    for found in _BRACKET.finditer(text, start):
        depth += (found[0] in "[{(") - (found[0] in "]})")
        if not depth:
            return start, found.end()
    return start, len(text)


def _in_header(text: str, start: int, label: str, *, in_sentence: bool) -> Span | None:
    """Return what stands behind the name of a header with several words."""
    is_authorization = "authorization" in label.lower()
    if is_authorization and (header := _AUTHORIZATION.match(text, start)):
        return header.span(1)
    cookies = _COOKIES.match(text, start) if in_sentence else None
    return cookies.span() if cookies else None


def _is_plain(word: str) -> bool:
    """Whether a word may be one of a sentence.

    Such are `expired`, and 5 in `Tokens: 5 of 10`.
    """
    letters = word.strip(_PUNCTUATION).replace("'", "")
    if letters.isdecimal():
        return len(letters) < _LEAST_DIGITS
    is_cased_as_usual = len(letters) < 2 or letters[1:].islower() or letters.isupper()
    return len(letters) < _MOST_LETTERS and letters.isalpha() and is_cased_as_usual


def _value_of(word: str) -> str | float | None:
    """Return what a word without quotes stands for in data."""
    bare = word.strip(_PUNCTUATION)
    if bare.lower() in _NO_SECRETS:
        return None
    is_number = len(bare) <= _MOST_DIGITS and bare.replace(".", "", 1).isdecimal()
    return float(bare) if is_number else word
