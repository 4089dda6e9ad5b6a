"""What MLflow's basic-auth says of a user: who it is, and what they may do."""

from base64 import b64decode, b64encode
from dataclasses import dataclass

from serving.callers.asking import Credentials, UsersAway, ask
from serving.callers.grants import Grants, floor_of, read_grants

_PERMISSIONS = "/api/3.0/mlflow/users/current/permissions"
_KIND = "registered_model"


@dataclass(frozen=True, slots=True)
class User:
    """A user whose password was right.

    Attributes:
        name: The user's name.
        grants: What the user may do with registered models; those on experiments have no floor here.
    """

    name: str
    grants: Grants


class MlflowUsers:
    """Asks one tracking server, with each user's own credentials. Safe to call from several threads."""

    def __init__(self, tracking_uri: str) -> None:
        self._tracking_uri = tracking_uri

    def ask(self, credentials: bytes) -> User | None:
        """The user of HTTP Basic credentials; None if MLflow refuses them.

        Args:
            credentials: What stands after `Basic ` in the header.

        Raises:
            UsersAway: MLflow does not answer, or not as it should.
        """
        who = Credentials(*read_basic(credentials))
        if not who.name or not who.password:
            return None
        reply = ask(self._tracking_uri, _PERMISSIONS, who)
        if reply.status in (401, 403):
            return None
        if reply.status != 200:
            raise UsersAway(f"{self._tracking_uri} answered {reply.status}")
        floor = {_KIND: floor_of(self._tracking_uri, who, who.name, _KIND)}
        return User(who.name, read_grants(who.name, reply.content, floor))


def written_basic(name: str, password: str) -> bytes:
    """The credentials of HTTP Basic (RFC 7617): what stands after `Basic ` in the header."""
    return b64encode(f"{name}:{password}".encode())


def read_basic(credentials: bytes) -> tuple[str, str]:
    """The user and password of HTTP Basic credentials (RFC 7617); empty texts if they are none."""
    try:
        text = b64decode(credentials, validate=True).decode()
    except ValueError:
        return "", ""
    name, _, password = text.partition(":")
    return name, password
