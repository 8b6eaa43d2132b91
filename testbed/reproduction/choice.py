"""What can be reproduced, and what is asked for of it."""

from dataclasses import fields
from pathlib import Path
from typing import Any, ClassVar, Protocol

from testbed.campaign import Jobs
from testbed.errors import UserError
from testbed.reproduction.hyperprism.choice import Choice as HyperPrism
from testbed.reproduction.lora.choice import Choice as Lora
from testbed.reproduction.options import check
from testbed.reproduction.store import Store


class Choice(Protocol):
    """What was asked for of one of them."""

    place: ClassVar[str]
    """Where it is in the folders of runs and of results."""

    @property
    def quick(self) -> bool:
        """Whether in small."""

    def jobs(self, store: Store, only_airs: bool = False) -> Jobs:
        """What is to be done. Raises UserError for what is asked for and not known."""

    def needs(self) -> list[str]:
        """Data sets and models that have to be here, as `testbed data list` names them."""

    def write(self, store: Store, folder: Path) -> Path:
        """Write tables, figures and a page of all that is in the store, whatever was asked for; returns the page."""


KINDS: dict[str, type[HyperPrism] | type[Lora]] = {"hyperprism": HyperPrism, "lora": Lora}


def choose(what: str, **options: Any) -> Choice:
    """`what` of `KINDS` with those options that are not None. Raises UserError for one that it does not have."""
    check("reproduce", what, KINDS)
    kind, given = KINDS[what], {name: value for name, value in options.items() if value is not None}
    for name in given:
        if name not in {field.name for field in fields(kind)}:
            raise UserError(f"--{name.removesuffix('s')} is not an option of reproduce {what}: leave it out.")
    return kind(**given)
