"""The MLflow administrator that Penstock itself acts as: a name and a password from a file of its own.

Each server reads the file once, at its start, into its environment, where MLflow's client looks for both.
What it writes from then on is for its own system user alone: data, predictions and secrets of many people.
"""

import os
import stat
from collections.abc import MutableMapping
from pathlib import Path

from serving.settings import Settings, SettingsError

NAME, PASSWORD = "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"
PRIVATE = 0o077
"""The umask where people sign in."""


def act_as_administrator(settings: Settings, environ: MutableMapping[str, str] = os.environ) -> None:
    """Take on the administrator's name and password, where a file of them is named.

    Where people sign in, files that this process makes are from now on closed to the machine's other users.

    Args:
        settings: `mlflow_admin_file` names the file.
        environ: The process's; what it holds already gives way to the file.

    Raises:
        SettingsError: The file cannot be read, is others' to read, or holds something else; or users sign in
            and there is no administrator at all.
    """
    if settings.mlflow_admin_file:
        environ[NAME], environ[PASSWORD] = read_administrator(Path(settings.mlflow_admin_file))
    elif settings.auth == "mlflow" and not environ.get(PASSWORD):
        raise SettingsError(
            "auth is 'mlflow', and Penstock must act as an administrator of MLflow; set mlflow_admin_file "
            "(PENSTOCK_MLFLOW_ADMIN_FILE) to a file with NAME:PASSWORD that only you can read"
        )
    if settings.auth == "mlflow":
        os.umask(PRIVATE)


def is_open_to_others(found: os.stat_result) -> bool:
    """Whether somebody beside a secret's owner may read or write its file.

    Kubernetes gives root's files to a container's own group, without which its user could not read them.
    """
    is_mounted = found.st_uid == 0 != os.geteuid() and found.st_gid in {os.getegid(), *os.getgroups()}
    others = stat.S_IRWXO | (stat.S_IWGRP | stat.S_IXGRP if is_mounted else stat.S_IRWXG)
    return bool(found.st_mode & others)


def read_administrator(path: Path) -> tuple[str, str]:
    """The name and the password in a file.

    Raises:
        SettingsError: What to do about it.
    """
    what = f"'mlflow_admin_file' names '{path}'"
    try:
        with path.open(encoding="utf-8") as file:
            found = os.fstat(file.fileno())
            text = file.read(1000).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{what}, which cannot be read ({type(error).__name__}); make it") from error
    if is_open_to_others(found):
        raise SettingsError(f"{what}, which others may read or write; do 'chmod 600 {path}'")
    name, colon, password = text.partition(":")
    if not name or not colon or not password or "\n" in text:
        raise SettingsError(f"{what}, which must hold one line NAME:PASSWORD; write it so")
    return name, password
