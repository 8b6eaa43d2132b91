"""The times of a trace, moved: later or earlier, faster or slower."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.exchange import NEVER, Exchange, Outbox
from testbed.trace.format import OPEN_NS, LinkRows, NodeRows

Times = NDArray[np.int64]
LAST_NS = 2**63 - 1024
"""An instant beyond it could be taken for OPEN_NS, at the precision of a double."""


@dataclass(frozen=True)
class Move:
    """Every instant `factor` times as late, and then later by `by_ns`.

    The times that nodes spend, on the air or away, are parts of their rounds and go with the factor. What a link is
    (rate, latency) and what was spent in joule stays. Raises UserError where an instant would not fit 64 bits.
    """

    factor: float = 1.0
    by_ns: int = 0

    def instants(self, times: Times, but: int | None = None) -> Times:
        """Instants, each moved but those that are `but`, which says that there is none."""
        if self.factor == 1 and self.by_ns == 0:
            return times
        if but is not None:
            moved, real = times.copy(), times != but
            moved[real] = self.instants(times[real])
            return moved
        self._check(times)
        return self.durations(times) + self.by_ns

    def durations(self, times: Times) -> Times:
        """Rounded to the nanosecond; instants since 1970 need more than the 53 bits of a double."""
        return times if self.factor == 1 else np.rint(times.astype(np.longdouble) * self.factor).astype(np.int64)

    def outbox(self, outbox: Outbox) -> Outbox:
        return replace(outbox, ready_ns=self.instants(outbox.ready_ns))

    def exchange(self, exchange: Exchange) -> Exchange:
        """Raises UserError also where the round would open before 0."""
        ends = np.array([exchange.opened_ns, exchange.closed_ns])
        opened_ns, closed_ns = self.instants(ends).tolist()
        if opened_ns < 0:
            raise UserError(f"The times cannot be shifted by {self.by_ns} ns: a round would open before 0.")
        deliveries, devices, sightings = exchange.deliveries, exchange.devices, exchange.sightings
        return replace(
            exchange,
            opened_ns=opened_ns,
            closed_ns=closed_ns,
            deliveries=replace(
                deliveries,
                started_ns=self.instants(deliveries.started_ns, NEVER),
                arrived_ns=self.instants(deliveries.arrived_ns, NEVER),
            ),
            devices=replace(
                devices, airtime_ns=self.durations(devices.airtime_ns), away_ns=self.durations(devices.away_ns)
            ),
            sightings=replace(sightings, time_ns=self.instants(sightings.time_ns)),
        )

    def links(self, rows: LinkRows) -> LinkRows:
        """Of no round."""
        return replace(rows, t_start_ns=self.instants(rows.t_start_ns), t_end_ns=self.instants(rows.t_end_ns, OPEN_NS))

    def nodes(self, rows: NodeRows) -> NodeRows:
        """Of no round."""
        return replace(
            rows,
            t_ns=self.instants(rows.t_ns),
            airtime_ns=self.durations(rows.airtime_ns),
            away_ns=self.durations(rows.away_ns),
        )

    def _check(self, times: Times) -> None:
        for time_ns in (int(times.min()), int(times.max())) if len(times) else ():
            if abs(time_ns * self.factor + self.by_ns) > LAST_NS:
                raise UserError(
                    f"The times do not fit 64 bits of nanoseconds when they are moved: {time_ns} ns times "
                    f"{self.factor:g}, {self.by_ns} ns later."
                )
