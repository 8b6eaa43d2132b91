"""What all sections of a scenario have in common."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

Seconds = Annotated[float, Field(ge=0, le=1e6)]
PositiveSeconds = Annotated[float, Field(ge=1e-6, le=1e6)]


class Section(BaseModel):
    """A section of a scenario: frozen, with no keys but its own."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _without_booleans(cls, tree: Any) -> Any:
        """No key is true or false; Python would count them as 1 and 0."""
        for key, value in tree.items() if isinstance(tree, dict) else ():
            if isinstance(value, bool):
                raise ValueError(f"{cls.__name__.lower()}.{key} = {str(value).lower()} is neither a number nor a text")
        return tree
