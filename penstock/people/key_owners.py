"""Which account each service key was made for: a user made anew under an old name gets none of its keys."""

import sqlalchemy as sa

from serving.lifecycle.database import METADATA, Database

OWNERS = sa.Table(
    "penstock_key_owners",
    METADATA,
    sa.Column("key_id", sa.String(64), primary_key=True),
    sa.Column("user_id", sa.String(64), nullable=False),
)
MOST_HELD = 10_000


class KeyOwners:
    """MLflow's number of the account that each key was made for; usable from several threads.

    Args:
        database: Where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, str] = {}

    def note(self, key_id: str, user_id: str) -> None:
        """Remember a key that was just made.

        Raises:
            LifecycleError: The database refuses.
        """
        with self._database.begin() as connection:
            connection.execute(sa.insert(OWNERS).values(key_id=key_id, user_id=user_id))

    def held(self, key_id: str) -> str | None:
        """As `of`, from memory alone; None where it is not there."""
        return self._known.get(key_id)

    def of(self, key_id: str) -> str:
        """The account of a key; empty where nobody noted it, as for keys made at the machine.

        Raises:
            LifecycleError: The database cannot be read.
        """
        if (known := self._known.get(key_id)) is not None:
            return known
        query = sa.select(OWNERS.c.user_id).where(OWNERS.c.key_id == key_id)
        with self._database.begin(is_read_only=True) as connection:
            found = str(connection.scalar(query) or "")
        if len(self._known) >= MOST_HELD:
            self._known.clear()
        self._known[key_id] = found
        return found
