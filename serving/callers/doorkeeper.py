"""Lets readers in at a door that shows many models' figures: by a password of MLflow's, or a service key."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from serving.callers.answers import AWAY_S
from serving.callers.asking import Credentials, UsersAway
from serving.callers.grants import GrantBook
from serving.callers.passwords import Passwords, TooOften, WrongPassword
from serving.callers.shown_keys import ShownKeys, shown_key
from serving.callers.users import MlflowUsers, User, read_basic, written_basic
from serving.keys.key import ALL_MODELS
from serving.lifecycle.database import Database
from serving.settings import Settings

BASIC = "basic "
CHALLENGE = 'Basic realm="penstock", charset="UTF-8"'


class Refused(Exception):  # noqa: N818 - an answer, read as one
    """Somebody must go away; the message says why.

    Attributes:
        status: HTTP's.
        headers: More for the answer.
    """

    def __init__(self, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status, self.headers = status, dict(headers or {})


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who was let in.

    Attributes:
        name: A user's name, or a key's id.
        may_read: Whether they may know of a registered model.
        is_for_all: Whether they may see what tells of all models at once.
    """

    name: str
    may_read: Callable[[str], bool]
    is_for_all: bool


class Doorkeeper:
    """Tells readers from strangers. Usable from several threads.

    It asks MLflow with the process's own credentials what a key's owner may read, so that these must be an
    administrator's.

    Args:
        settings: Where MLflow and the keys are.
    """

    def __init__(self, settings: Settings) -> None:
        users = MlflowUsers(settings.tracking_uri)
        self._passwords: Passwords[User] = Passwords(
            lambda said: users.ask(written_basic(said.name, said.password))
        )
        self._book = GrantBook(settings.tracking_uri)
        self._keys = ShownKeys(Database(settings.database_url))

    def reader(self, headers: Mapping[str, str], address: str) -> Reader:
        """Who asks.

        Args:
            headers: The request's, with names in small letters.
            address: Where it comes from.

        Raises:
            Refused: Nobody who may read here.
        """
        try:
            if shown := shown_key(headers):
                return self._of_key(shown)
            return self._of_user(headers.get("authorization", ""), address)
        except UsersAway as error:
            sentence = "MLflow cannot be asked who may read; try again in a moment"
            raise Refused(503, sentence, {"Retry-After": f"{AWAY_S:.0f}"}) from error
        except TooOften as error:
            raise Refused(429, str(error), {"Retry-After": f"{max(1.0, error.wait_s):.0f}"}) from error
        except WrongPassword as error:
            raise _stranger("MLflow does not know this user and password") from error

    def _of_user(self, shown: str, address: str) -> Reader:
        name, password = read_basic(shown[len(BASIC) :].strip().encode("utf-8", "replace"))
        if shown[: len(BASIC)].lower() != BASIC or not name or not password:
            raise _stranger("sign in with the name and password of an MLflow user, or send a service key")
        user = self._passwords.check(Credentials(name, password), address)
        return Reader(user.name, user.grants.may_read, is_for_all=user.grants.is_admin)

    def _of_key(self, shown: str) -> Reader:
        key = self._keys.find(shown)
        if key is None:
            if self._keys.problem:
                raise UsersAway(self._keys.problem)
            raise _stranger("this service key is unknown, revoked or expired")
        if "read" not in key.actions:
            raise Refused(403, f"key {key.key_id} is not for 'read'")
        if wait_s := self._keys.wait_s(key):
            raise Refused(429, f"key {key.key_id} has used up its rate", {"Retry-After": f"{wait_s + 1:.0f}"})
        is_for_all = key.is_for(ALL_MODELS)
        if not key.owner:
            return Reader(key.key_id, key.is_for, is_for_all)
        grants = self._book.of(key.owner)
        if grants is None:
            raise Refused(403, f"key {key.key_id} speaks for a user whom MLflow knows no more")
        return Reader(
            key.key_id,
            lambda model: key.is_for(model) and grants.may_read(model),
            is_for_all and grants.is_admin,
        )


def _stranger(sentence: str) -> Refused:
    return Refused(401, sentence, {"WWW-Authenticate": CHALLENGE})
