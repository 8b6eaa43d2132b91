"""Rounds carried ahead: the network of rounds to come is simulated while PyTorch trains.

What a round does on the air depends on no model, so a thread carries one round after the other, a few ahead of the
training. The thread only waits: ns-3 runs in its own process. The rounds are those that `Air` would carry when asked,
in their order; an error waits for the round that it belongs to.

While the next round is not ready, the air is the slower half, and training leaves a core to it; else training has them
all. No number depends on that: each piece of training is one thread's work, on however many threads.
"""

import threading
from collections import deque

from testbed.session.air import Air, Carried, Moment, Sizes

DEPTH = 4
"""Rounds that may lie ready: enough to even out rounds of unequal length, few enough to waste little at a stop."""


class Ahead:
    """Carries the rounds from the first one asked for up to `rounds`. Close it to end its thread and the network."""

    def __init__(self, air: Air, rounds: int, depth: int = DEPTH) -> None:
        self._air, self._rounds, self._depth = air, rounds, depth
        self._ready: deque[Carried | BaseException] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    def expect(self, moment: Moment) -> bool:
        """Begin with the round at `moment`, where none was begun. Whether the one that comes next is not ready yet."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, args=[moment], name="testbed-ahead", daemon=True)
            self._thread.start()
        return not self._ready

    def carry(self, moment: Moment, size_bytes: Sizes | None = None) -> Carried:
        """The round that opens at `moment`; they are asked for in order, and their messages are those of the workload.
        Raises what the network raised in it."""
        self.expect(moment)
        with self._changed:
            self._changed.wait_for(lambda: self._ready)
            carried = self._ready[0]
            if isinstance(carried, BaseException):
                raise carried
            self._ready.popleft()
            self._changed.notify_all()
        if carried.moment.round_ != moment.round_:
            raise RuntimeError(f"round {moment.round_} was asked for, round {carried.moment.round_} comes next")
        return carried

    def close(self) -> None:
        """End it now, in the middle of a round too."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._air.network.close()
        if self._thread is not None:
            self._thread.join()

    def _work(self, moment: Moment) -> None:
        while moment.round_ < self._rounds and not self._air.over(moment.used_j) and self._has_room():
            try:
                carried = self._air.carry(moment)
            except BaseException as error:
                self._hand_over(error)
                return
            self._hand_over(carried)
            moment = carried.after

    def _has_room(self) -> bool:
        """Wait until another round may be carried; false where none is wanted any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._ready) < self._depth)
            return not self._closed

    def _hand_over(self, carried: Carried | BaseException) -> None:
        with self._changed:
            self._ready.append(carried)
            self._changed.notify_all()
