"""The process of one shard, as an actor of Ray; here it is a class like any other."""

import tomllib
from pathlib import Path
from typing import Any

import torch

from testbed.scenario import parse
from testbed.session.learner import Learner
from testbed.session.shards.facts import Facts, facts
from testbed.session.shards.shard import Shard


class Worker:
    """Computes on one thread: that is how a piece of work is done in the local run, too (`testbed.threads`)."""

    def __init__(self) -> None:
        torch.set_num_threads(1)

    def facts(self) -> Facts:
        """What computes here."""
        return facts()

    def begin(self, scenario: str, data_dir: Path | None, rows: slice) -> None:
        """Load the data of the devices `rows` of a scenario, which is TOML. Raises UserError as `Learner` does."""
        settings = parse(tomllib.loads(scenario))
        self._shard = Shard(settings, Learner(settings, data_dir), rows)

    def ask(self, method: str, *arguments: Any) -> Any:
        """Call a method of the shard."""
        return getattr(self._shard, method)(*arguments)
