"""Who is here in the periods of the event-driven modes: churn, and batteries that end."""

import numpy as np
from numpy.typing import NDArray

from testbed.devices import Battery, churn
from testbed.exchange import Absences, Exchange
from testbed.scenario import Scenario
from testbed.session.air import without_end
from testbed.session.learner import Workload


class Presence:
    """Keeps the books of energy period by period; `used_j` (devices,) is what each has used so far.

    What a period cost is known when it is over and the next has begun, so a device whose battery it has emptied is
    gone from the end of the next one on.
    """

    def __init__(self, scenario: Scenario, work: Workload) -> None:
        assert scenario.run.period_s is not None
        self.period_ns, self.used_j = round(scenario.run.period_s * 1e9), np.zeros(scenario.devices.count)
        self._churn, self._watts = churn(scenario.devices, scenario.run.seed), work.watts
        self._battery = Battery(scenario.devices.battery_j)

    def absences(self, number: int) -> Absences:
        """Those that meet period `number`."""
        opened_ns = number * self.period_ns
        absences = self._churn.between(opened_ns, opened_ns + self.period_ns)
        return without_end(absences, self._battery.empty(self.used_j), opened_ns)

    def close(self, exchange: Exchange, compute_ns: NDArray[np.int64]) -> None:
        """Book what a period has cost."""
        self.used_j = self._battery.used(self.used_j, exchange.devices.energy_j, self.compute_j(compute_ns))

    def compute_j(self, compute_ns: NDArray[np.int64]) -> NDArray[np.float64]:
        """(devices,) energy of so much computing."""
        return np.asarray(self._watts * compute_ns / 1e9)

    def left_j(self) -> NDArray[np.float64]:
        """(devices,) what is in the batteries; NaN without one."""
        return self._battery.left_j(self.used_j)

    def over(self, used_j: NDArray[np.float64]) -> bool:
        """Whether all batteries are empty: nothing would ever happen again."""
        return bool(self._battery.empty(used_j).all())
