"""The run that a page replays: what the template has of it."""

from dataclasses import dataclass
from typing import Any

from testbed.page import facts, summary
from testbed.page.facts import Facts
from testbed.page.replay import Replay, replay
from testbed.report.recording import open_recording

NEEDED = ("round", "accuracy", "compute_ns", "compute_j")
"""Columns of `devices`."""

SIGNS = {
    "linked": "device, coloured by its accuracy",
    "isolated": "device without a link",
    "partly": "away for part of the {word}",
    "away": "away all the {word}",
    "link": "link both ways",
    "one": "heard one way, by whom it points at",
    "flying": "message, from its first frame to its arrival",
    "arrived": "message has arrived at this end",
    "lost": "message that will be lost",
}
"""What a sign of the map means."""


@dataclass(frozen=True)
class Shown:
    """`replay` is None where there is none, and `missing` says why; `devices` where nobody knows how many."""

    run: Facts
    devices: int | None
    replay: Replay | None = None
    missing: str = ""

    def values(self) -> dict[str, Any]:
        """For the template."""
        numbers, origin = summary.numbers(self.run), summary.origin(self.run)
        return {"numbers": numbers, "origin": origin, "replay": self._replayed(), "no_replay": self.missing}

    @property
    def sentence(self) -> str:
        return summary.sentence(self.run, self.devices)

    def _replayed(self) -> dict[str, Any] | None:
        if self.replay is None:
            return None
        made, word = self.replay, self.replay.data["word"]
        low, high = made.extremes or (0.0, 0.0)
        legend = [(sign, words.format(word=word)) for sign, words in SIGNS.items() if sign in made.signs]
        about = {"data": made.data, "notes": made.notes, "word": word, "legend": legend}
        return about | {"evaluated": made.extremes is not None, "low": f"{low:.3f}", "high": f"{high:.3f}"}


def shown(run: Facts) -> Shown:
    """Raises UserError for a damaged table or trace."""
    folder = run.run.folder
    count = run.get("devices", "count")
    stated = count if isinstance(count, int) else None
    if not run.rounds:
        return Shown(run, stated, missing="No round is whole yet: there is nothing to replay.")
    if not (folder / "trace").is_dir():
        return Shown(run, stated, missing="The run has no trace, which would say who met whom: nothing to replay.")
    columns = facts.numeric(folder, "devices", run.run.devices, NEEDED)
    recording = open_recording(folder)
    devices, rounds = recording.devices, len(recording.trace)
    if not rounds:
        return Shown(run, devices, missing="No round is whole in tables and trace: there is nothing to replay.")
    return Shown(run, devices, replay(recording, columns["accuracy"][: rounds * devices].reshape(rounds, devices)))
