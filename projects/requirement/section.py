"""What every part of a requirement is: typed, frozen, forgiving about values and strict about keys."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from projects.requirement.forgiving import forgiving


class Section(BaseModel):
    """A part of the requirement: unknown keys are refused, nothing changes after reading."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        populate_by_name=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _as_meant(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        fields = cls.model_fields
        return {
            key: forgiving(value, fields[key].annotation) if key in fields else value
            for key, value in values.items()
            if not (value is None and key in fields)  # a key with nothing behind its colon is not given
        }
