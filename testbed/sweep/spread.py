"""What the values of a random axis are drawn from."""

import math
from typing import Any, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, model_validator


class Spread(BaseModel):
    """Evenly from low to high, or evenly in the logarithm, whole numbers if both ends are; or one of some."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    low: int | float | None = None
    high: int | float | None = None
    log: bool = False
    choice: list[Any] | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if self.choice is not None:
            if not self.choice or (self.low, self.high) != (None, None) or self.log:
                raise ValueError("choice is a list of values, without low, high and log")
        elif self.low is None or self.high is None or self.low >= self.high:
            raise ValueError("write {low = ..., high = ...} with low below high, or {choice = [...]}")
        elif self.log and self.low <= 0:
            raise ValueError("with log = true, low should be above 0")
        return self

    def draw(self, generator: np.random.Generator) -> Any:
        """One value."""
        if self.choice is not None:
            return self.choice[int(generator.integers(len(self.choice)))]
        assert self.low is not None
        assert self.high is not None
        if isinstance(self.low, int) and isinstance(self.high, int):
            return self._whole(generator, self.low, self.high)
        if self.log:
            return float(math.exp(generator.uniform(math.log(self.low), math.log(self.high))))
        return float(generator.uniform(self.low, self.high))

    def _whole(self, generator: np.random.Generator, low: int, high: int) -> int:
        """Both ends are among them."""
        if self.log:
            return int(math.exp(generator.uniform(math.log(low), math.log(high + 1))))
        return int(generator.integers(low, high + 1))
