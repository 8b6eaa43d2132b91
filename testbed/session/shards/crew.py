"""Those who hold the shards of a run: what the lead asks of them, and the crew of one process."""

from typing import Any, Protocol

from testbed.session.shards.shard import Shard

Answer = Any
"""What stands for the answer to a question until somebody wants to read it; it can be an argument of others."""


class Lost(ConnectionError):
    """Somebody of the crew is gone, and what was asked of the crew with it."""


class Crew(Protocol):
    """Each shard answers in the order in which it is asked; all at the same time."""

    @property
    def shards(self) -> list[slice]:
        """The devices of each."""

    def ask(self, shard: int, method: str, *arguments: Any) -> Answer:
        """Have a shard call a method of `Shard`; answers among the arguments are given as what they stand for."""

    def read(self, answers: list[Answer]) -> list[Any]:
        """What they are. Raises what a method raised, and Lost."""

    def share(self, value: Any) -> Answer:
        """A value that several will be asked with."""

    def revive(self) -> None:
        """Put others, who know nothing yet, in the place of those who are gone."""

    def close(self) -> None:
        """Send all home."""


class InProcess:
    """All shards here, one after the other: for tests, and to see what the work itself costs."""

    def __init__(self, held: list[Shard]) -> None:
        self._held, self.shards = held, [shard.rows for shard in held]

    def ask(self, shard: int, method: str, *arguments: Any) -> Answer:
        return getattr(self._held[shard], method)(*arguments)

    def read(self, answers: list[Answer]) -> list[Any]:
        return answers

    def share(self, value: Any) -> Answer:
        return value

    def revive(self) -> None:
        """Nobody is ever gone."""

    def close(self) -> None:
        """Nothing to do."""
