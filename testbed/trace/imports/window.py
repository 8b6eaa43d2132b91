"""The part of a file's time that is wanted."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.trace.imports.base import Options
from testbed.trace.imports.cells import TIME_LIMIT_NS


@dataclass(frozen=True)
class Window:
    """From one instant until before another."""

    from_ns: int
    to_ns: int

    @classmethod
    def of(cls, options: Options) -> Self:
        """As stated, else all time. Raises UserError for a window that is empty or out of range."""
        from_ns = -TIME_LIMIT_NS if options.from_s is None else _ns(options.from_s, "--from")
        to_ns = 2**63 - 1 if options.to_s is None else _ns(options.to_s, "--to")
        if not from_ns < to_ns:
            raise UserError(f"--from {options.from_s} should lie before --to {options.to_s}.")
        return cls(from_ns, to_ns)

    def meets(self, start_ns: NDArray[np.int64], end_ns: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which intervals or samples have a part in it; rows that go backwards count by their start."""
        lasts = (end_ns > self.from_ns) | (start_ns >= self.from_ns)
        return np.asarray(lasts & (start_ns < self.to_ns))

    def clipped(self, start_ns: NDArray[np.int64], end_ns: NDArray[np.int64]) -> tuple[Any, Any]:
        """What is inside of intervals that meet it; those that go backwards stay as they are."""
        forwards = end_ns >= start_ns
        starts = np.where(forwards, np.maximum(start_ns, self.from_ns), start_ns)
        return starts, np.where(forwards, np.minimum(end_ns, self.to_ns), end_ns)


def _ns(seconds: float, name: str) -> int:
    if not abs(seconds) <= TIME_LIMIT_NS / 1e9:
        raise UserError(f"{name} {seconds} should be seconds within 146 years of 0.")
    return int((Decimal(str(seconds)) * 10**9).to_integral_value())


def inversions(start_ns: NDArray[np.int64], above_ns: int | None = None) -> int:
    """How many rows start before the row above them; `above_ns` is the start of the row above all of them."""
    first = 0 if above_ns is None or not len(start_ns) else int(start_ns[0] < above_ns)
    return first + int((start_ns[1:] < start_ns[:-1]).sum())


def hold_ns(options: Options) -> int:
    """How long a sample holds: 0 where nothing was stated. Raises UserError for a negative time."""
    if options.hold_s is not None and options.hold_s < 0:
        raise UserError(f"--hold {options.hold_s} should be seconds from 0 up.")
    return 0 if options.hold_s is None else _ns(options.hold_s, "--hold")
