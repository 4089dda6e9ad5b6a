"""What requests hold: fields that are known; unknown ones are refused with the nearest name."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request, params
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from projects.hints import did_you_mean


class Body(BaseModel):
    """The base of all JSON that requests hold."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, protected_namespaces=())

    @model_validator(mode="before")
    @classmethod
    def _known_fields(cls, sent: Any) -> Any:
        if not isinstance(sent, Mapping):
            raise PydanticCustomError("not_an_object", "a JSON object was wanted")
        known = [field.alias or name for name, field in cls.model_fields.items()]
        unknown = [str(name) for name in sent if name not in known]
        if unknown:
            raise PydanticCustomError(
                "unknown_field",
                "there is no field {field}; {hint}",
                {"field": repr(unknown[0][:60]), "hint": did_you_mean(unknown[0][:60], known, listed=20)},
            )
        return sent


def example(**fields: Any) -> ConfigDict:
    """The configuration that shows a whole example of a class in the description; it can be sent as it is."""
    return ConfigDict(json_schema_extra={"examples": [fields]})


async def known_query(request: Request) -> None:
    """Refuse query parameters that an endpoint does not take.

    Raises:
        RequestValidationError: The first of them, with the nearest name.
    """
    route = request.scope.get("route")
    if not request.query_params or not isinstance(route, APIRoute):
        return
    fields = get_flat_params(route.dependant)
    known = [field.alias for field in fields if isinstance(field.field_info, params.Query)]
    unknown = next((name for name in request.query_params if name not in known), None)
    if unknown is not None:
        hint = did_you_mean(unknown[:60], known, listed=20) if known else "it takes none"
        sentence = f"there is no query parameter {unknown[:60]!r}; {hint}"
        raise RequestValidationError([{"type": "unknown_field", "loc": ("query",), "msg": sentence}])
