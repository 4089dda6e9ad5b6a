"""The platform's passwords: MLflow's, with refusals on the audit trail and told as problems."""

from penstock.audit.trail import Event, Trail
from penstock.people.accounts import Account, Accounts, users_away
from penstock.people.person import Person
from penstock.problems import NotSignedIn, TooMany
from serving.callers.asking import Credentials, UsersAway
from serving.callers.passwords import Passwords, TooOften, WrongPassword

LONGEST_NAME = 100


class KnownPasswords:
    """Tells whose account it is; usable from several threads.

    Args:
        accounts: Who knows them.
        trail: Where refusals are told: the name, never the password.
    """

    def __init__(self, accounts: Accounts, trail: Trail) -> None:
        self._trail = trail
        self._passwords: Passwords[Account] = Passwords(accounts.check, refused=self._refused)
        self.refused = 0
        """Wrong passwords since this process began."""

    def held(self, credentials: Credentials) -> Account | None:
        """Whose it is, if that was asked a moment ago."""
        return self._passwords.held(credentials)

    def check(self, credentials: Credentials, address: str) -> Account:
        """Whose a name and its password are.

        Raises:
            NotSignedIn: Nobody's.
            TooMany: There were too many wrong ones of this name, or from this address.
            Away: MLflow does not answer.
        """
        try:
            return self._passwords.check(credentials, address)
        except WrongPassword as error:
            raise NotSignedIn(
                "MLflow does not know this user and password; send them as they are in MLflow"
            ) from error
        except TooOften as error:
            raise TooMany(str(error), code="too_many_logins", retry_s=error.wait_s) from error
        except UsersAway as error:
            raise users_away() from error

    def forget(self, name: str) -> None:
        """Ask MLflow anew for a user, whose password has changed or who was removed."""
        self._passwords.forget(name)

    def _refused(self, name: str, address: str) -> None:
        self.refused += 1
        shown = name[:LONGEST_NAME]
        self._trail.record(Person(shown, address=address), Event("login", f"user {shown}", outcome="refused"))
