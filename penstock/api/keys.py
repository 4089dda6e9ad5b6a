"""`/api/ml/keys`: service keys for machines."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import Field

from penstock.api.asked import DeskOf, PersonOf
from penstock.api.body import Body, example
from penstock.api.secrecy import SECRET
from penstock.problems import BadRequest
from penstock.services import service_keys
from serving.keys.errors import InvalidKeyError
from serving.keys.key import ACTIONS, Action, Key, Wanted
from serving.keys.store import Made

router = APIRouter(tags=["people"])
KeyId = Annotated[str, Path(max_length=40, description="A key's 12 digits.", examples=["3f9a0c11d2b4"])]


class NewKey(Body):
    """A service key that is to be made."""

    model_config = example(
        name="nightly scoring", actions=["predict", "feedback"], models=["churn*"], project="ada/shop",
        rate_per_s=50.0, days=90.0,
    )  # fmt: skip
    name: str = Field(min_length=1, max_length=200, examples=["nightly scoring"])
    actions: list[Action] = Field(
        default=["predict", "feedback"], min_length=1, max_length=len(ACTIONS), description="What it may do."
    )
    models: list[str] = Field(
        default=["*"], min_length=1, max_length=200, description="Models' names or patterns it is for."
    )
    project: str = Field("", max_length=200, description="The one project that it is for; empty: all.")
    rate_per_s: float | None = Field(None, gt=0, description="Requests a second; null for no limit.")
    burst: float | None = Field(None, gt=0, description="Requests at once; by default a second's.")
    days: float | None = Field(None, gt=0, le=3660, description="How long it holds; null: until revoked.")


class KeyShown(Body):
    """A service key, without its secret."""

    key_id: str
    name: str
    owner: str
    project: str
    models: list[str]
    actions: list[str]
    rate_per_s: float | None
    burst: float | None
    made_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None


class KeyMade(KeyShown):
    """A new service key with its text."""

    key: str = Field(description="What is sent as `Authorization: Bearer KEY`; shown only this once.")


class Rotation(Body):
    """How a key is replaced."""

    model_config = example(keep_s=86_400.0)
    keep_s: float = Field(86_400.0, ge=0, le=30 * 86_400.0, description="How long the old one still holds.")


@router.get("/api/ml/keys", summary="List service keys")
def keys(desk: DeskOf, person: PersonOf) -> list[KeyShown]:
    """The person's own keys, without their secrets; an administrator's: all."""
    return [KeyShown(**_key(key)) for key in service_keys.keys(desk, person)]


@router.post("/api/ml/keys", status_code=201, summary="Make a service key")
def make_key(asked: NewKey, response: Response, desk: DeskOf, person: PersonOf) -> KeyMade:
    """Make a key for a machine; it speaks for the person, within what it is for."""
    response.headers.update(SECRET)
    return _made(service_keys.make_key(desk, person, _wanted(asked)))


@router.delete("/api/ml/keys/{key_id}", summary="Revoke a service key")
def revoke_key(key_id: KeyId, desk: DeskOf, person: PersonOf) -> KeyShown:
    """End a key; every door refuses it within two seconds."""
    return KeyShown(**_key(service_keys.revoke_key(desk, person, key_id)))


@router.post("/api/ml/keys/{key_id}/rotate", status_code=201, summary="Replace a service key")
def rotate_key(key_id: KeyId, asked: Rotation, response: Response, desk: DeskOf, person: PersonOf) -> KeyMade:
    """Make a key like another one, which ends after a while, so that its callers can change over."""
    response.headers.update(SECRET)
    return _made(service_keys.rotate_key(desk, person, key_id, keep_s=asked.keep_s))


def _wanted(asked: NewKey) -> Wanted:
    try:
        return Wanted(
            asked.name,
            project=asked.project,
            models=tuple(asked.models),
            actions=tuple(asked.actions),
            rate_per_s=asked.rate_per_s,
            burst=asked.burst,
            expires_at=datetime.now(UTC) + timedelta(days=asked.days) if asked.days else None,
        )
    except InvalidKeyError as error:
        raise BadRequest(str(error)) from error


def _key(key: Key) -> dict[str, Any]:
    plain = {name: getattr(key, name) for name in KeyShown.model_fields}
    return plain | {name: list(plain[name]) for name in ("models", "actions")}


def _made(made: Made) -> KeyMade:
    return KeyMade(**_key(made.key), key=made.text)
