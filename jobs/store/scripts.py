"""Loads the Lua scripts and calls them.

The header of each script says how many keys it takes, and a test holds it to that.

A script of a queue says `KEYS: those of a queue`. When it is sent, `prelude.lua`,
`claims.lua` and `crossings.lua` stand before it, behind its `#!lua` line.
"""

import re
from collections.abc import Callable, Sequence
from functools import cache
from hashlib import sha1
from importlib import resources
from typing import Any

from redis.exceptions import NoScriptError, ResponseError

from jobs.store.connection import Client, RedisCluster

_KEY = re.compile(r"KEYS\[(\d+)\]")
_OF_A_QUEUE = "-- KEYS: those of a queue"
#: A script, its keys and its arguments.
Call = tuple[str, Sequence[str | bytes], Sequence[Any]]
#: What stands before each script of a queue.
BEFORE = ("prelude", "claims", "crossings")


class Scripts:
    """The scripts of `lua/`, bound to one client.

    Redis gets a script when it is first used, and again if it lost it.
    """

    def __init__(self, client: Client) -> None:
        """Take the client. Nothing is sent yet."""
        self._client = client
        self._shas = _shas()

    def run(self, name: str, keys: Sequence[str | bytes], args: Sequence[Any]) -> Any:
        """Run one script and return what it returned.

        One round trip, and one more when Redis does not know the script.
        """
        return self.run_by(self._client.execute_command, name, keys, args)

    def run_by(
        self, send: Callable[..., Any], name: str, keys: Sequence[str | bytes], args: Sequence[Any]
    ) -> Any:
        """Run one script by what sends a command.

        Its whole text is sent where Redis does not know its name.
        """
        try:
            return send(*self.command(name, keys, args))
        except NoScriptError:
            return send("EVAL", sources()[name], len(keys), *keys, *args)

    def run_each(
        self, name: str, calls: Sequence[tuple[Sequence[str | bytes], Sequence[Any]]]
    ) -> list[Any]:
        """Run one script with each of some keys and arguments.

        Return what each returned, or the error of Redis. One round trip, on a cluster one for each.
        """
        return self.run_all([(name, keys, args) for keys, args in calls])

    def run_all(self, calls: Sequence[Call]) -> list[Any]:
        """Run several scripts, and return what each returned, or the error of Redis.

        One round trip, on a cluster one for each.
        """
        if isinstance(self._client, RedisCluster):  # its pipelines take no scripts
            return [self._try(*call) for call in calls]
        with self._client.pipeline(transaction=False) as pipe:
            for call in calls:
                pipe.execute_command(*self.command(*call))
            answers = pipe.execute(raise_on_error=False)
        return [
            self._try(*call) if isinstance(answer, NoScriptError) else answer
            for call, answer in zip(calls, answers, strict=True)
        ]

    def _try(self, name: str, keys: Sequence[str | bytes], args: Sequence[Any]) -> Any:
        """Return what a script returned, or the error of Redis."""
        try:
            return self.run(name, keys, args)
        except ResponseError as error:
            return error

    def command(
        self, name: str, keys: Sequence[str | bytes], args: Sequence[Any]
    ) -> tuple[Any, ...]:
        """Return the command that runs a script, if Redis knows it."""
        return ("EVALSHA", self._shas[name], len(keys), *keys, *args)

    def sha(self, name: str) -> str:
        """Return the SHA1 under which Redis knows a script."""
        return self._shas[name]


@cache
def sources() -> dict[str, str]:
    """Return the text of each script by its name, as it is sent."""
    texts = files()
    before = "\n".join(texts[name] for name in BEFORE)
    return {name: _whole(text, before) for name, text in texts.items() if name not in BEFORE}


@cache
def _shas() -> dict[str, str]:
    return {
        name: sha1(text.encode(), usedforsecurity=False).hexdigest()
        for name, text in sources().items()
    }


@cache
def files() -> dict[str, str]:
    """Return the text of each file by the name of its script.

    The files that stand before scripts are among them.
    """
    folder = resources.files("jobs.store") / "lua"
    return {
        f.name.removesuffix(".lua"): f.read_text()
        for f in folder.iterdir()
        if f.name.endswith(".lua")
    }


def _whole(text: str, before: str) -> str:
    if not is_of_a_queue(text):
        return text
    flags, _, body = text.partition("\n")
    return f"{flags}\n{before}\n{body}"


def is_of_a_queue(text: str) -> bool:
    """Whether a script takes the keys of a queue.

    Such a script stands behind the prelude.
    """
    return _OF_A_QUEUE in text


def number_of_keys(name: str) -> int:
    """Return the number of keys that a script takes.

    Its header tells, or that of the prelude.
    """
    texts = files()
    header = _header(texts[name]) + (
        _header(texts["prelude"]) if is_of_a_queue(texts[name]) else []
    )
    return max(int(number) for line in header for number in _KEY.findall(line))


def _header(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("-- KEYS")]
