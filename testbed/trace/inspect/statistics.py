"""All that can be said of a trace in numbers. `docs/inspect.md` defines each."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from testbed.trace.inspect.asymmetry import Asymmetry, asymmetry
from testbed.trace.inspect.connectivity import Connectivity, connectivity
from testbed.trace.inspect.delays import delays_s, delivered_share
from testbed.trace.inspect.density import degrees, density_mean, density_over_time, peers
from testbed.trace.inspect.mixing import gaps, union_gap
from testbed.trace.inspect.spans import Ints, Reals, Spans, bounds_ns
from testbed.trace.inspect.steps import Steps
from testbed.trace.value import Trace

QUANTILES = {"min": 0.0, "p05": 0.05, "p25": 0.25, "median": 0.5, "p75": 0.75, "p95": 0.95, "max": 1.0}


@dataclass(frozen=True)
class Statistics:
    """Of one trace; arrays where a figure shows more than a table can."""

    nodes: int
    rounds: int
    links: int
    """Different directed links."""
    pairs: int
    """Different pairs that were ever linked."""
    contacts: int
    bounds_ns: tuple[int, int] | None
    density_mean: float
    density: tuple[Ints, Reals]
    """Edges in time and the density between them."""
    degrees: Reals
    peers: Ints
    contact_s: Reals
    inter_contact_s: Reals
    window_s: float | None
    """Seconds of a step; None where it is a round."""
    connectivity: Connectivity
    gap: float
    """Mean over the steps."""
    union_gap: float
    asymmetry: Asymmetry
    delays_s: Reals
    """NaN where a message did not arrive."""
    delivered: float
    format: str
    oddities: tuple[dict[str, Any], ...]

    @property
    def rejected(self) -> dict[str, int]:
        """Reason to the count of rows that an import left out."""
        found = Counter[str]()
        for each in self.oddities:
            if each.get("rejected"):
                found[str(each["reason"])] += int(each["count"])
        return dict(found)

    def as_json(self) -> dict[str, Any]:
        """The numbers, times in seconds; NaN where one does not exist."""
        start_s, end_s = (None, None) if self.bounds_ns is None else (ns / 1e9 for ns in self.bounds_ns)
        return {
            "format": self.format,
            **{name: getattr(self, name) for name in ("nodes", "links", "pairs", "contacts", "rounds")},
            "t_start_s": start_s,
            "t_end_s": end_s,
            "density_mean": self.density_mean,
            "degree_mean": _mean(self.degrees),
            "degree": quantiles(self.degrees),
            "peers": quantiles(self.peers.astype(float)),
            "contact_s": quantiles(self.contact_s),
            "inter_contact_s": quantiles(self.inter_contact_s),
            "window_rounds": self.connectivity.window,
            "window_s": self.window_s,
            "components": self.connectivity.components,
            "largest_component": self.connectivity.largest,
            "largest_component_mean": _mean(self.connectivity.largest_share),
            "spectral_gap": self.gap,
            "spectral_gap_union": self.union_gap,
            "asymmetry": {"one_way": self.asymmetry.one_way, "delivery_difference": self.asymmetry.difference},
            "delay_s": quantiles(self.delays_s),
            "delivered": self.delivered,
            "rejected": self.rejected,
            "oddities": list(self.oddities),
        }


def statistics(trace: Trace, window_s: float | None = None) -> Statistics:
    """`window_s`: seconds of the windows in which connectivity and spectral gap of a trace without rounds are seen."""
    directed, contacts = Spans.directed(trace.links), Spans.contacts(trace.links)
    steps = Steps.of(trace, contacts, window_s)
    return Statistics(
        nodes=trace.header.nodes,
        rounds=len(trace),
        links=directed.pairs(),
        pairs=contacts.pairs(),
        contacts=len(contacts),
        bounds_ns=bounds_ns(trace),
        density_mean=density_mean(trace, directed),
        density=density_over_time(trace, directed),
        degrees=degrees(trace, contacts),
        peers=peers(trace, contacts),
        contact_s=contacts.durations_s(),
        inter_contact_s=contacts.gaps_s(),
        window_s=steps.window_s,
        connectivity=connectivity(steps),
        gap=_mean(gaps(steps)),
        union_gap=union_gap(steps),
        asymmetry=asymmetry(trace.links),
        delays_s=delays_s(trace),
        delivered=delivered_share(trace),
        format=str(trace.header.network.get("format", trace.header.format)),
        oddities=tuple(each for step in trace.header.provenance for each in step.get("oddities", ())),
    )


def quantiles(values: Reals) -> dict[str, float]:
    """Of the values that are known: their mean and QUANTILES; NaN where there are none."""
    known = values[np.isfinite(values)]
    if not len(known):
        return dict.fromkeys(("mean", *QUANTILES), float("nan"))
    found = np.quantile(known, list(QUANTILES.values()))
    return {"mean": float(known.mean()), **dict(zip(QUANTILES, map(float, found), strict=True))}


def ccdf(values: Reals) -> tuple[Reals, Reals]:
    """Different known values in order, and the share of the known ones that are as large or larger."""
    known, counts = np.unique(values[np.isfinite(values)], return_counts=True)
    return known, counts[::-1].cumsum()[::-1] / max(counts.sum(), 1)


def _mean(values: Reals) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
