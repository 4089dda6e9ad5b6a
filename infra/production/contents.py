"""What stands in the files of secrets: random passwords and keys, in the forms that each program reads."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass

RandomBytes = Callable[[int], bytes]
BUCKET = "penstock"
ADMIN = "admin"
MLFLOWS_DRIVER = "psycopg2"
"""With psycopg 3 MLflow cannot archive the versions that one replaces, as its page asks by default."""
AUTH = """\
[mlflow]
default_permission = NO_PERMISSIONS
database_uri = {url}
admin_username = {name}
admin_password = {password}
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
auth_cache_ttl_seconds = 60
"""
"""Nobody sees what nobody granted them; a right password is looked up once a minute. MLflow reads `%` as the
beginning of a reference, and `%%` as `%`."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the stack's stores are, as its processes reach them.

    Attributes:
        database: PostgreSQL's host and port.
        database_options: The end of each database URL, such as `?sslmode=verify-full`.
        redis: Redis' host and port.
        redis_scheme: `redis`, or `rediss` for TLS.
    """

    database: str = "postgres:5432"
    database_options: str = ""
    redis: str = "redis:6379"
    redis_scheme: str = "redis"


def groups(random: RandomBytes, places: Places) -> tuple[dict[str, str], ...]:
    """The texts of all files; those of one group belong together, as they share a password.

    Args:
        random: Gives so many random bytes.
        places: Where the stores are.
    """
    return (
        _superuser(random, places),
        {"database_url": _url(places, "penstock", _word(random)) + "\n"},
        {"mlflow_env": _mlflow(random, places)},
        _people(random, places),
        _queue(random, places),
        _bucket(random),
        {"s3_security": _store(random)},
    )


def _superuser(random: RandomBytes, places: Places) -> dict[str, str]:
    password = _word(random)
    return {
        "postgres_password": password + "\n",
        "database_admin_url": _url(places, "postgres", password) + "\n",
    }


def _mlflow(random: RandomBytes, places: Places) -> str:
    values = {
        "MLFLOW_BACKEND_STORE_URI": _url(places, "mlflow", _word(random), driver=MLFLOWS_DRIVER),
        "MLFLOW_FLASK_SERVER_SECRET_KEY": _word(random),
        "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY": base64.urlsafe_b64encode(random(32)).decode(),
        "MLFLOW_CRYPTO_KEK_PASSPHRASE": _word(random),
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())


def _people(random: RandomBytes, places: Places) -> dict[str, str]:
    password = _word(random)
    url = _url(places, "mlflow_auth", _word(random), driver=MLFLOWS_DRIVER)
    return {
        "mlflow_auth": AUTH.format(url=url.replace("%", "%%"), name=ADMIN, password=password),
        "mlflow_admin": f"{ADMIN}:{password}\n",
    }


def _queue(random: RandomBytes, places: Places) -> dict[str, str]:
    password = _word(random)
    return {
        "redis_conf": f"requirepass {password}\n",
        "redis_url": f"{places.redis_scheme}://:{password}@{places.redis}/0\n",
    }


def _bucket(random: RandomBytes) -> dict[str, str]:
    admin, own = (_key(random) for _ in range(2))
    within = [f"{action}:{BUCKET}" for action in ("Read", "Write", "List", "Tagging")]
    identities = [_identity("setup", admin, ["Admin"]), _identity("penstock", own, within)]
    return {
        "s3_identities": json.dumps({"identities": identities}, indent=1) + "\n",
        "s3_admin_credentials": _credentials(admin),
        "s3_credentials": _credentials(own),
    }


def _store(random: RandomBytes) -> str:
    """Of SeaweedFS: what encrypts objects' keys, and what keeps strangers from its inner doors."""
    return (
        f'[s3.sse]\nkey = "{_word(random)}"\n\n'
        f'[jwt.signing]\nkey = "{_word(random)}"\n\n[jwt.filer_signing]\nkey = "{_word(random)}"\n'
    )


def _identity(name: str, key: tuple[str, str], actions: list[str]) -> dict[str, object]:
    return {"name": name, "credentials": [{"accessKey": key[0], "secretKey": key[1]}], "actions": actions}


def _credentials(key: tuple[str, str]) -> str:
    return f"[default]\naws_access_key_id = {key[0]}\naws_secret_access_key = {key[1]}\n"


def _key(random: RandomBytes) -> tuple[str, str]:
    return base64.b32encode(random(10)).decode() + "PENS", _word(random)


def _url(places: Places, user: str, password: str, *, driver: str = "psycopg") -> str:
    """Of the database that bears its user's name."""
    return f"postgresql+{driver}://{user}:{password}@{places.database}/{user}{places.database_options}"


def _word(random: RandomBytes) -> str:
    """48 hexadecimal digits: 192 random bits that no configuration's syntax can misread."""
    return random(24).hex()
