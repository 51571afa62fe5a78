"""A fetcher with what it holds, as the buffer uses both."""

from collections.abc import Iterable

from jobs.store import Store
from jobs.worker.board import Board
from jobs.worker.custody import Custody, Delivery
from jobs.worker.fetcher import Catch, Fetcher
from jobs.worker.queue_order import QueueOrder
from jobs.worker.unit import Unit


class Hands:
    """A fetcher with what it holds, as the buffer uses both."""

    def __init__(self, store: Store, settings, *queues: str) -> None:
        self.custody = Custody()
        order = QueueOrder.parse(queues or ("default",))
        self.fetcher = Fetcher(store, order, Board(2), f"w{id(order)}", self.custody, settings)

    def fetch(self, count: int, *finished: Unit, heard: Iterable[str] = ()) -> Catch:
        by_name: dict[tuple[str, str], list[Unit]] = {}
        for unit in finished:
            by_name.setdefault((unit.queue, unit.worker), []).append(unit)
        catch = self.fetcher.fetch(count, by_name, set(heard))
        self.custody.end(Delivery(catch.ended))
        self.custody.hold(catch.units)
        return catch
