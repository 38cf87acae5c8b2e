"""Who is next where several crowds wait: a hundred pieces of one keep another's waiting for one at most."""

from collections import Counter, OrderedDict, deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class CrowdLine(Generic[Item]):
    """What waits, by crowd: the next is of the crowd with the fewest under way.

    Of these it is of the one whose last turn was the longest ago; within a crowd they keep their order. Not
    safe for several threads: whoever shares one holds a lock.
    """

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, deque[Item]] = OrderedDict()
        self._under_way: Counter[str] = Counter()

    def __bool__(self) -> bool:
        """Whether anything waits."""
        return bool(self._waiting)

    def add(self, crowd: str, item: Item) -> None:
        """Put it at the end of its crowd's line."""
        self._waiting.setdefault(crowd, deque()).append(item)

    def length(self, crowd: str) -> int:
        """How many of the crowd wait."""
        return len(self._waiting.get(crowd, ()))

    def leave(self, crowd: str, item: Item) -> bool:
        """Take it out of the line; whether it was still there."""
        if item not in self._waiting.get(crowd, ()):
            return False
        self._waiting[crowd].remove(item)
        self._forget_if_empty(crowd)
        return True

    def begin(self, crowd: str) -> None:
        """Count one of the crowd as under way that never had to wait."""
        self._under_way[crowd] += 1

    def begin_next(self) -> tuple[str, Item]:
        """The next with its crowd, under way from now on. Raises `ValueError` when nothing waits."""
        crowd = min(self._waiting, key=self._under_way.__getitem__)  # of those with as few, the first in line
        item = self._waiting[crowd].popleft()
        self._forget_if_empty(crowd)
        self.begin(crowd)
        return crowd, item

    def end(self, crowd: str) -> None:
        """One of the crowd is done; the others that wait come before the rest of it."""
        self._under_way[crowd] -= 1
        if not self._under_way[crowd]:
            del self._under_way[crowd]
        if crowd in self._waiting:
            self._waiting.move_to_end(crowd)

    def _forget_if_empty(self, crowd: str) -> None:
        if not self._waiting[crowd]:
            del self._waiting[crowd]
