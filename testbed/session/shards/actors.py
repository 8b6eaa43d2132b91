"""The crew as actors of Ray, on this machine or on the nodes of a cluster."""

import time
from pathlib import Path
from typing import Any

from testbed.errors import UserError
from testbed.scenario import Scenario, dumps
from testbed.session.observer import Observer
from testbed.session.shards.cluster import Ray, told
from testbed.session.shards.crew import Answer, Lost
from testbed.session.shards.cut import cut
from testbed.session.shards.facts import Facts, facts
from testbed.session.shards.worker import Worker
from testbed.threads import each

START_S = 300.0
"""In which all shards have to have begun."""
TRIES, PAUSE_S = 5, 5.0
"""To find nodes for them that are there: Ray takes some 10 s to notice that one is gone."""


class Actors:
    """As `Crew`."""

    def __init__(self, ray: Any, engine: Ray, scenario: Scenario, data_dir: Path | None, observer: Observer) -> None:
        """Raises UserError for shards that cannot be, or that compute otherwise than this process."""
        self._ray, self._observer = ray, observer
        devices, cpus = scenario.devices.count, int(ray.cluster_resources().get("CPU", 0))
        self.shards = cut(devices, min(cpus, devices) if engine.shards is None else engine.shards)
        if len(self.shards) > cpus:
            raise UserError(f"--shards {len(self.shards)}: the cluster has {cpus} CPUs, and a shard takes one.")
        self._begin = dumps(scenario), None if data_dir is None else data_dir.resolve()
        self._kind = ray.remote(num_cpus=1, scheduling_strategy="SPREAD")(Worker)
        self._actors: list[Any] = [None] * len(self.shards)
        try:
            self._hire(list(range(len(self.shards))))
        except BaseException:
            self.close()
            raise

    def ask(self, shard: int, method: str, *arguments: Any) -> Answer:
        return self._actors[shard].ask.remote(method, *arguments)

    def read(self, answers: list[Answer]) -> list[Any]:
        errors = self._ray.exceptions
        try:
            return self._ray.get(answers)  # type: ignore[no-any-return]
        except errors.RayError as error:
            cause = getattr(error, "cause", None) or error
            if isinstance(cause, UserError):
                raise cause from None
            if isinstance(cause, errors.RayActorError | errors.ObjectLostError):
                raise Lost(told(cause)) from None
            raise

    def share(self, value: Any) -> Answer:
        return self._ray.put(value)

    def revive(self) -> None:
        self._hire([shard for shard, actor in enumerate(self._actors) if not self._is_here(actor)])

    def close(self) -> None:
        for actor in filter(None, self._actors):
            self._ray.kill(actor)

    def _is_here(self, actor: Any) -> bool:
        try:
            self.read([actor.facts.remote()])
        except Lost:
            return False
        return True

    def _hire(self, shards: list[int]) -> None:
        """Have new actors hold these shards; others again where some die at once, as on a node that has just gone."""
        lost = Lost()
        for _ in range(TRIES):
            for shard in shards:
                self._actors[shard] = self._kind.remote()
            try:
                self._have_begin(shards)
                return
            except Lost as error:
                lost = error
                time.sleep(PAUSE_S)
            shards = [shard for shard in shards if not self._is_here(self._actors[shard])]
        raise UserError(f"Shards cannot begin; is the same testbed installed on every node? {lost}")

    def _have_begin(self, shards: list[int]) -> None:
        if not shards:
            return
        actors = [self._actors[shard] for shard in shards]
        asked = [actor.facts.remote() for actor in actors]
        begun = [self._actors[shard].begin.remote(*self._begin, self.shards[shard]) for shard in shards]
        if len(self._ray.wait(asked, num_returns=len(asked), timeout=START_S)[0]) < len(asked):
            raise UserError(
                f"After {START_S:.0f} s not all shards have begun: the cluster has no room for them now. Take fewer "
                "--shards, or wait until others are done."
            )
        self._compare(self.read(asked))
        self.read(begun)

    def _compare(self, found: list[Facts]) -> None:
        """Raises UserError for other code; of other arithmetic it tells."""
        (here,) = each(lambda _: facts(), [None])
        for there in found:
            if (there.code, there.versions) != (here.code, here.versions):
                others = [new for new, old in zip(there.versions, here.versions, strict=True) if new != old]
                what = ", ".join(others) or "another testbed"
                raise UserError(
                    f"Node {there.host} has {what}, and not what is here ({', '.join(here.versions)}): the numbers of "
                    "a sharded run would be no one's. Install the same on every node."
                )
        strange = sorted({there.host for there in found if there.arithmetic != here.arithmetic})
        if strange:
            self._observer.noted(
                f"warning: {', '.join(strange)} rounds otherwise than this machine (another processor): the tables "
                "will not be those of a local run to the last digit"
            )
