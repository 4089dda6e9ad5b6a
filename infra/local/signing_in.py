"""Sign-in for the local stack: the local MLflow asks for passwords, and all parts act as its administrator.

The administrator's password is made on the first start and lies in one file that only its owner can read; no
command line ever holds it.
"""

import os
import secrets
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from serving.callers.administrator import PRIVATE, read_administrator
from serving.settings import Settings, SettingsError

ADMIN = "admin"
CONFIG = """\
[mlflow]
default_permission = NO_PERMISSIONS
database_uri = sqlite:///{users}
admin_username = {admin}
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
auth_cache_ttl_seconds = 60
"""
"""Nobody sees what nobody granted them; a right password is looked up once a minute. MLflow reads `%` as the
beginning of a reference, and `%%` as `%`."""


def admin_file(settings: Settings, var: Path) -> Path:
    """Where the administrator's name and password are."""
    return Path(settings.mlflow_admin_file) if settings.mlflow_admin_file else var / "mlflow_admin"


def users_file(var: Path) -> Path:
    """MLflow's users and permissions."""
    return var / "mlflow_users.db"


def problems(settings: Settings) -> list[str]:
    """A sentence for each thing that keeps people from signing in; empty means go."""
    if settings.auth == "off":
        return []
    var = settings.var_dir.absolute()
    path, users = admin_file(settings, var), users_file(var)
    if find_spec("flask_wtf") is None:
        return ["MLflow's sign-in needs the package Flask-WTF; run 'make run' anew, or set PENSTOCK_AUTH=off"]
    if users.exists() and not path.exists():
        gone = f"{path} is gone, which held the administrator's password of the users in {users}"
        return [f"{gone}; put it back, or move the users' file away to begin with an administrator alone"]
    try:
        if path.exists():
            read_administrator(path)
    except SettingsError as error:
        return [str(error)]
    return []


def close_to_others(var: Path) -> None:
    """Close the stack's folder, and what its processes write from now on, to the machine's other users."""
    os.umask(PRIVATE)
    var.mkdir(parents=True, exist_ok=True)
    var.chmod(0o777 & ~PRIVATE)


def make_administrator(settings: Settings, var: Path) -> bool:
    """Make the administrator's password if there is none yet; tells whether it did."""
    path = admin_file(settings, var)
    if path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{ADMIN}:{secrets.token_urlsafe(24)}\n")
    return True


def for_all(settings: Settings, var: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """What each part of the stack is told, so that it asks who comes and acts as the administrator."""
    told = {"PENSTOCK_MLFLOW_ADMIN_FILE": str(admin_file(settings, var).absolute())}
    if settings.gateway_auth == "off" and not environ.get("PENSTOCK_GATEWAY_AUTH"):
        told["PENSTOCK_GATEWAY_AUTH"] = "mlflow"
    return told


def for_mlflow(settings: Settings, var: Path) -> dict[str, str]:
    """What MLflow's server alone is told; writes its file of settings.

    Raises:
        SettingsError: The administrator's file cannot be used.
    """
    name, password = read_administrator(admin_file(settings, var))
    config = var / "mlflow_auth.ini"
    users = str(users_file(var)).replace("%", "%%")
    config.write_text(CONFIG.format(users=users, admin=name.replace("%", "%%")), encoding="utf-8")
    return {
        "MLFLOW_SERVER_OPTIONS": "--app-name basic-auth",
        "MLFLOW_AUTH_CONFIG_PATH": str(config),
        "MLFLOW_AUTH_ADMIN_PASSWORD": password,
        "MLFLOW_FLASK_SERVER_SECRET_KEY": secrets.token_urlsafe(32),
    }
