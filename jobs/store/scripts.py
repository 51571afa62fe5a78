"""Loads the Lua scripts and calls them.

The header of each script says how many keys it takes, and a test holds it to that.

A script of a queue says `KEYS: those of a queue`. When it is sent, `prelude.lua`,
`claims.lua` and `crossings.lua` stand before it, behind its `#!lua` line.
"""

import re
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any

from redis.exceptions import NoScriptError, ResponseError

from jobs.store.connection import Client, RedisCluster

_KEY = re.compile(r"KEYS\[(\d+)\]")
_OF_A_QUEUE = "-- KEYS: those of a queue"
#: What stands before each script of a queue.
BEFORE = ("prelude", "claims", "crossings")


class Scripts:
    """The scripts of `lua/`, bound to one client.

    Redis gets a script when it is first used, and again if it lost it.
    """

    def __init__(self, client: Client) -> None:
        """Register every script.

        Nothing is sent yet.
        """
        self._client = client
        self._scripts = {name: client.register_script(source) for name, source in sources().items()}

    def run(self, name: str, keys: Sequence[str | bytes], args: Sequence[Any]) -> Any:
        """Run one script and return what it returned.

        One round trip, and one more when Redis does not know the script.
        """
        try:
            return self._client.evalsha(self.sha(name), len(keys), *keys, *args)
        except NoScriptError:
            return self._client.eval(sources()[name], len(keys), *keys, *args)

    def run_each(
        self, name: str, calls: Sequence[tuple[Sequence[str | bytes], Sequence[Any]]]
    ) -> list[Any]:
        """Run one script with each of some keys and arguments.

        Return what each returned, or the error of Redis. One round trip, on a cluster one for each.
        """
        if isinstance(self._client, RedisCluster):  # its pipelines take no scripts
            return [self._try(name, *call) for call in calls]
        with self._client.pipeline(transaction=False) as pipe:
            for keys, args in calls:
                pipe.evalsha(self.sha(name), len(keys), *keys, *args)
            answers = pipe.execute(raise_on_error=False)
        return [
            self._try(name, *call) if isinstance(answer, NoScriptError) else answer
            for call, answer in zip(calls, answers, strict=True)
        ]

    def _try(self, name: str, keys: Sequence[str | bytes], args: Sequence[Any]) -> Any:
        """Return what a script returned, or the error of Redis."""
        try:
            return self.run(name, keys, args)
        except ResponseError as error:
            return error

    def sha(self, name: str) -> str:
        """Return the SHA1 under which Redis knows a script."""
        return str(self._scripts[name].sha)


@cache
def sources() -> dict[str, str]:
    """Return the text of each script by its name, as it is sent."""
    texts = files()
    before = "\n".join(texts[name] for name in BEFORE)
    return {name: _whole(text, before) for name, text in texts.items() if name not in BEFORE}


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
