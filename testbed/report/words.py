"""What a figure says in words: a caption, and which differences can be told from chance."""

from collections.abc import Sequence

from testbed.report.metrics import Metric, is_reference
from testbed.report.paired import ENOUGH, PERCENT, Difference
from testbed.report.series import Series
from testbed.report.spread import LEVEL

METHOD = (
    f"Differences of the means under the same seeds, in the same setting, with their {PERCENT} intervals (studentised "
    f"bootstrap). Significant: the interval leaves out 0, and p of the paired t test is below {1 - LEVEL:.2g} when "
    "corrected for all comparisons of one measure in one setting (Holm); for there being several measures and settings "
    f"nothing is corrected. Fewer than {ENOUGH} seeds tell nothing."
)


def caption(series: Sequence[Series], target: float) -> str:
    """What the numbers are."""
    counts = sorted({len(setting.members) for each in series for setting in each.settings})
    seeds = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    return (
        f"Means over {seeds} seed{'s' * (counts[-1] != 1)} ± half the {PERCENT} interval of the mean (Student's t). "
        f"Target: accuracy {target:.3f}, mean over devices. `> x (k of n)`: k of n seeds reached it, and the mean is "
        "above x, as the others took longer than they ran; `- (k of n)`: a seed diverged, and there is no mean."
    )


def headline(series: Sequence[Series], target: float) -> str:
    """How much is in the figure."""
    runs = sum(len(each.runs) for each in series)
    members = [member for each in series for setting in each.settings for member in setting.members]
    never = sum(member.curve.diverged or member.curve.first(target) is None for member in members)
    return (
        f"{runs} run{'s' * (runs != 1)} in {len(series)} series, target accuracy {target:.3f}, which {never} of the "
        "runs never reached."
    )


def differing(series: Sequence[Series], metric: Metric, found: dict[str, list[Difference]]) -> list[str]:
    """Sentences for the terminal: all against D-PSGD where it is among them, else against the first."""
    settings = [setting for each in series for setting in each.settings]
    against = next(filter(is_reference, settings), settings[0]).method
    told = [each for each in found[metric.name] if against in (each.first, each.second)]
    few = sum(each.seeds < ENOUGH for each in told)
    less = [f"{few} of {len(told)} comparisons have fewer than {ENOUGH} seeds in common: no verdict."] if few else []
    return [*(each.against(against).sentence(metric) for each in told if each.seeds >= ENOUGH), *less]
