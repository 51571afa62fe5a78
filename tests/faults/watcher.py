"""Counts again and again which jobs of a queue are alive.

A script of its own does it in one step. It knows nothing of unique keys: it reads the class of each
payload, and asks two sets whether the job is dead or done.
"""

import threading
from collections import Counter
from typing import Any, Self

import redis

from jobs.store.keys import QueueKeys

_COUNT = """
local found = redis.call('HGETALL', KEYS[1])
local counts = {}
for n = 1, #found, 2 do
  local id, class = found[n], string.match(found[n + 1], '"job_class":"[^"]-([^".]+)"')
  if not (redis.call('ZSCORE', KEYS[2], id) or redis.call('ZSCORE', KEYS[3], id)) then
    counts[class] = (counts[class] or 0) + 1
  end
end
local answer = {}
for class, count in pairs(counts) do
  answer[#answer + 1], answer[#answer + 2] = class, count
end
return answer
"""


class Watcher:
    """A thread that counts until it is told to end.

    `most` is the highest number of living jobs of each class that was ever seen.
    """

    def __init__(self, url: str, keys: QueueKeys) -> None:
        self._client = redis.Redis.from_url(url)
        self._keys = [keys.payloads, keys.dead, keys.done]
        self._ended = threading.Event()
        self.most: Counter[str] = Counter()
        self.looks = 0
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._ended.set()
        self._thread.join()
        self._client.close()

    def _watch(self) -> None:
        count = self._client.register_script(_COUNT)
        while not self._ended.wait(0.001):
            answer: Any = count(keys=self._keys)
            for name, number in zip(answer[::2], answer[1::2], strict=True):
                self.most[name.decode()] = max(self.most[name.decode()], number)
            self.looks += 1
