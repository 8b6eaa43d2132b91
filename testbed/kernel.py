"""The kernel of the event-driven modes: one heap, ordered by time, then priority, then sequence.

An event is a value that waits for its instant; whoever steps the kernel decides what it means. So a kernel
knows nothing of devices, networks or learning, and the order of events is theirs to see and to test:

    kernel = Kernel()
    late = kernel.schedule(20, 0, "deadline")
    kernel.schedule(10, 1, "trained")
    kernel.schedule(10, 0, "arrived")
    kernel.step().what        # 'arrived': of two at one instant, the lower priority number goes first
    kernel.step().what        # 'trained'
    kernel.cancel(late)
    kernel.peek()             # None: nothing is left
"""

from heapq import heappop, heappush
from typing import Generic, NamedTuple, TypeVar

What = TypeVar("What")


class Event(NamedTuple, Generic[What]):
    """Something that is due. Its first three fields are its place in the order; no two events share a place."""

    time_ns: int
    priority: int
    """Among events of one instant, lower goes first."""
    sequence: int
    """Among events of one instant and priority, what was scheduled first goes first."""
    what: What


class Kernel(Generic[What]):
    """Events that wait, and the present instant, which only ever moves forward."""

    def __init__(self) -> None:
        self._heap: list[Event[What]] = []
        self._waiting: set[int] = set()
        self._next = 0
        self._present = (0, 0)

    @property
    def now_ns(self) -> int:
        """The instant of the last event stepped; 0 before the first."""
        return self._present[0]

    def __len__(self) -> int:
        """How many events wait."""
        return len(self._waiting)

    def schedule(self, time_ns: int, priority: int, what: What) -> int:
        """Let `what` be due; the number returned is its sequence, which `cancel` takes.

        ValueError if its turn is over: at an earlier instant, or at this one before the priority that is running.
        """
        if (time_ns, priority) < self._present:
            raise ValueError(f"{what} at {time_ns} ns, priority {priority}, is before the present {self._present}")
        event = Event(time_ns, priority, self._next, what)
        self._next += 1
        heappush(self._heap, event)
        self._waiting.add(event.sequence)
        return event.sequence

    def cancel(self, sequence: int) -> bool:
        """Take back an event; false if it has run or was cancelled before."""
        if sequence not in self._waiting:
            return False
        self._waiting.remove(sequence)
        return True

    def peek(self) -> int | None:
        """The instant of the next event, or None."""
        while self._heap and self._heap[0].sequence not in self._waiting:
            heappop(self._heap)
        return self._heap[0].time_ns if self._heap else None

    def step(self) -> Event[What]:
        """Move to the next event and hand it out. IndexError if none waits."""
        if self.peek() is None:
            raise IndexError("no event is waiting")
        event = heappop(self._heap)
        self._waiting.remove(event.sequence)
        self._present = (event.time_ns, event.priority)
        return event
