r"""The shape of an error message: what stays the same from job to job.

`No order 17 of 'Ada'` and `No order A-4 of 'Grace'` have the shape `No order … of …`. Failures are
grouped by it, and a filter finds a group by it. It is made in one pass over the first line, and
then neighbouring values become one: `[1, 2]`, `30 Nov 2026` and `3.5 s` are one value each.
"""

import re

#: The longest shape, and the longest part of a message that is looked at.
MOST_CHARACTERS, MOST_READ = 300, 1_000
#: A message that is one value has a shape of its own if it says so many words.
ENOUGH_WORDS = 4
#: How deep brackets may be nested and still are one value.
DEPTH = 8
#: Stands for each value.
VALUE = "…"
#: Endings of words that name a file.
_FILES = re.compile(
    r"\.(?:csv|tsv|txt|log|pdf|png|jpe?g|gif|webp|svg|bmp|tiff?|xlsx?|docx?|xml|zip|gz|bak)\Z"
)
_ONLY_HEX = re.compile(r"[a-fA-F]{8,}\Z")
#: Thai, Chinese and Japanese put no spaces between words.
_SPACELESS = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")
_NUMBERED = re.compile(r"[\x21-\x7e]*\d[\x21-\x7e]*")
_PLAIN_WORD = re.compile(r"\b[^\W\d_]{2,}\b")
_AROUND = str.maketrans("'\"[](){}", " " * 8)

#: What an error says of another, as `IOError('No route to host')`, and the code and text of MySQL,
#: as `(1213, 'Deadlock found')`. These quotes hold words of a program and not a value.
_QUOTED_ERROR = re.compile(r"(\w*(?:Error|Exception|Timeout)\(|\(\d+, )(['\"])(.*?)\2(?=\))")

_NAME = r"[A-Za-z_][\w.]*"
#: Codes that tell one cause from another: `status code 503`, `HTTP 429`, `[Errno 111]`.
_CODE = (
    r"(?i:\b(?:HTTP(?:/[\d.]+)?|errno|status|(?:status|exit|error|return|response)"
    r" (?:code|status))[ :=]{1,2}-?\d{1,4}\b)|'[1-5]\d\d [A-Z][A-Za-z -]+'"
)
#: Names in the code: `unique constraint "orders_number_key"`, `No module named 'shop'`.
_NAMED = (
    r"(?i:\b(?:attribute|arguments?:?|constraint|relation|column|table|index|role|database|"
    rf"for key|module named|import name) (?P<mark>['\"]){_NAME}(?P=mark))"
)
#: Types: `'NoneType' object`, `+: 'int' and 'str'`. And all that a KeyError says: small letters
#: without a digit are a name in the code.
_TYPED = rf"'{_NAME}'(?= object\b| is not defined)|(?<=: )'\w+' and '\w+'\Z|\A'[a-z_]+'\Z"
_KEPT = f"{_CODE}|{_NAMED}|{_TYPED}"
#: Values by their form, with a group for what stays of each.
_FORMED = "|".join(
    (
        rf"<(?P<type>{_NAME})[ :][^<>]*>",  # <Order: Order object (17)>
        r"'\[.*?\]'(?!\w)",  # Command '['cp', 'a', 'b']'
        r"(?<!\w)[bru]?(?P<quote>['\"`])(?:\\.|(?!(?P=quote)(?!\w)).)*(?P=quote)(?!\w)",
        r"«[^»]*»|“[^”]*”|„[^“”]*[“”]|‘[^’]*’(?!\w)",
        r"(?<!\w)['\"](?=\w)[^'\"]*\Z",  # a quote without an end
        r"\b[A-Za-z][\w+.-]*://[^\s'\"<>()\[\]{}]*",  # an address of the web
        r"(?<![\w)\]])(?:[A-Za-z]:|~|\.{1,2})?[/\\](?P<path>[^\s'\"<>()\[\]{},;]*)",
        r"\b(?:None|True|False|null|true|false)(?=\s*[,\]}])",
    )
)
#: A word, with a sign or a currency before it.
_WORD = r"(?:[-+#$€£¥*]{1,4} ?)?\w(?:[\w.:/@%+*&~,-]*\w)?%?"
_SCANNED = re.compile(rf"(?P<kept>{_KEPT})|(?P<formed>{_FORMED})|(?P<word>{_WORD})")

#: Words that belong to a number or a date beside them.
_DATE = (
    "(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?|Jan(?:uary)?|Feb(?:ruary)?|"
    "Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|"
    "Nov(?:ember)?|Dec(?:ember)?"
)
_UNIT = (
    "ms|s|secs?|seconds?|min|minutes?|h|hours?|d|days?|weeks?|bytes?|[kKMGT]i?B|EUR|USD|GBP|CHF|"
    "JPY|GMT|UTC|CET|CEST|AM|PM"
)
_JOINED = (
    re.compile(rf"\b(?:{_DATE})[.,]? (?={VALUE})"),
    re.compile(rf"(?<={VALUE}) (?:{_DATE}|{_UNIT})\b"),
    re.compile(rf"{VALUE}[\s,:;/|&×=-]*(?={VALUE})"),
)
_BRACKETS = re.compile(rf"(?<!\w)[\[({{<][\s,:;{VALUE}]*[\])}}>]")


def shape_of(message: str) -> str:
    """Return an error message without what differs from job to job.

    It is the first line with its values replaced by `…`. So `No order 17 of 'Ada'` becomes
    `No order … of …`. A value is what stands in quotes or brackets, a path, an address, or a word
    with a digit. A status code and a name of the code stay: they tell causes apart.

    Forms and addresses bring a shape back as it is: it has plain spaces only, and none at its ends.
    """
    line = message.partition("\n")[0][:MOST_READ].replace("\0", VALUE)
    shape = _shape(_QUOTED_ERROR.sub(r"\1\3", line))
    if shape == VALUE and len(_PLAIN_WORD.findall(line)) >= ENOUGH_WORDS:
        # All of it stands in quotes or brackets, as the errors of a form do.
        shape = _shape(line.translate(_AROUND))
    return " ".join(shape.split())[:MOST_CHARACTERS].rstrip()


def _shape(line: str) -> str:
    shape = _SCANNED.sub(_stays, line)
    for _ in range(DEPTH):
        before = shape
        for pattern in _JOINED:
            shape = pattern.sub("", shape)
        shape = _BRACKETS.sub(VALUE, shape)
        if shape == before:
            break
    return shape


def _stays(found: re.Match[str]) -> str:
    """Return what stays of a part of a message."""
    text = found[0]
    if found["kept"]:
        return text
    if found["word"] and _SPACELESS.search(text):
        return _NUMBERED.sub(VALUE, text)
    if found["word"]:
        return VALUE if _is_value(text) else text
    if found["type"]:
        return f"<{found['type']} {VALUE}>"
    # What ends a sentence does not belong to a path.
    end = len(text.rstrip(".:!?")) if found["path"] else len(text)
    return VALUE + text[end:]


def _is_value(word: str) -> bool:
    """Return whether a word is a value.

    It is a number, an id, an address of mail or a file.
    """
    if any(map(str.isdigit, word)):
        return True
    return "@" in word[1:] or bool(_ONLY_HEX.match(word) or _FILES.search(word))
