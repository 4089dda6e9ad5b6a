"""A queue in which groups take turns: who has many items in it keeps nobody with few waiting."""

import threading
from collections import OrderedDict, deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Turns(Generic[Item]):
    """Gives one item of each group in turn, and a group's items in their order. For several threads."""

    def __init__(self) -> None:
        self._groups: OrderedDict[object, deque[Item]] = OrderedDict()
        self._filled = threading.Condition(threading.Lock())

    def put(self, group: object, item: Item) -> None:
        """Add an item to a group."""
        with self._filled:
            self._groups.setdefault(group, deque()).append(item)
            self._filled.notify()

    def get(self) -> Item:
        """The next item; waits until there is one."""
        with self._filled:
            while not self._groups:
                self._filled.wait()
            group, items = next(iter(self._groups.items()))
            item = items.popleft()
            if items:
                self._groups.move_to_end(group)
            else:
                del self._groups[group]
            return item
