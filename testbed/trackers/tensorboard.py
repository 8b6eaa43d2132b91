"""TensorBoard: event files in RUN/tensorboard, to look at with `tensorboard --logdir`."""

from collections.abc import Iterable
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter
from torch.utils.tensorboard.summary import hparams

from testbed.trackers.tracker import Row, hyperparameters, metrics

FOLDER = "tensorboard"
OURS = "events.out.tfevents.*"


class TensorBoard:
    """Writes the whole log anew whenever it is begun: an event file cannot take back what was lost in a kill."""

    def __init__(self, folder: Path) -> None:
        keys = hyperparameters(folder)
        for old in (folder / FOLDER).glob(OURS):
            old.unlink()
        self._writer = SummaryWriter(str(folder / FOLDER))
        for summary in hparams(keys, {"accuracy_mean": None}):  # type: ignore[no-untyped-call]
            self._writer._get_file_writer().add_summary(summary)  # type: ignore[no-untyped-call]

    def log(self, rows: Iterable[Row]) -> None:
        """As doubles: a float would not hold nanoseconds."""
        for row in rows:
            for name, value in metrics(row).items():
                step, seconds = int(row["round"]), row["closed_ns"] / 1e9
                self._writer.add_scalar(name, value, step, seconds, new_style=True, double_precision=True)
        self._writer.flush()

    def close(self, status: str) -> None:
        self._writer.close()
