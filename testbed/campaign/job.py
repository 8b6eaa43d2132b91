"""What there is to do in a campaign: airs to record, and cells, runs that may play one."""

from pathlib import Path
from typing import ClassVar, Literal, Protocol

from testbed.scenario import Scenario


class Air(Protocol):
    """A live air, recorded once for all cells that send the same at the same times."""

    kind: ClassVar[Literal["air"]]

    @property
    def name(self) -> str:
        """Of its folder."""

    def scenario(self) -> Scenario:
        """What is recorded."""


class Cell(Protocol):
    """One run."""

    kind: ClassVar[Literal["cell"]]

    @property
    def name(self) -> str:
        """Of its folder."""

    @property
    def fingerprint(self) -> str | None:
        """Of its scenario, where a run in its folder has to be of that; None where its name says enough."""

    def recording(self) -> Air | None:
        """The air that it plays; None where it needs none, or has one of its own."""

    def scenario(self, recording: Path | None) -> Scenario:
        """What is run: a replay of the recording in that folder, or the live scenario that was recorded there."""


Job = Air | Cell
