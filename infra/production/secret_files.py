"""The files of secrets: made once, for their owner's eyes alone, and looked at before the stack starts.

A file that is there is never written again: its password is in a database by then.
"""

import os
from pathlib import Path

from infra.production.contents import Places, RandomBytes, groups
from serving.callers.administrator import is_open_to_others

UNPRIVILEGED = 10001
"""The user of the images, for whom root makes the files."""


class SecretsError(Exception):
    """The files cannot be made or used; the message says what to do."""


def make(folder: Path, random: RandomBytes, places: Places, *, owner: tuple[int, int]) -> list[str]:
    """Write every file that is not there, and name those that were written.

    Args:
        folder: Where they are; closed to other users of the machine.
        random: Gives so many random bytes.
        places: Where the stack's stores are.
        owner: The user and group that the files are to belong to.

    Raises:
        SecretsError: Some files of a group that share a password are there, and others are not.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _own(folder, 0o700, owner)
    wanted: dict[str, str] = {}
    for group in groups(random, places):
        missing = [name for name in group if not (folder / name).exists()]
        if missing and len(missing) < len(group):
            raise SecretsError(_torn(folder, missing, [name for name in group if name not in missing]))
        wanted |= {name: group[name] for name in missing}
    for name, text in wanted.items():
        _write(folder / name, text, owner)
    return list(wanted)


def _torn(folder: Path, missing: list[str], there: list[str]) -> str:
    return (
        f"'{folder}' has {', '.join(there)} but not {', '.join(missing)}, which share a password; bring back "
        f"what is missing from your copy, or remove {', '.join(there)} to have all of them made anew"
    )


def _write(path: Path, text: str, owner: tuple[int, int]) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    _own(path, 0o600, owner)


def _own(path: Path, mode: int, owner: tuple[int, int]) -> None:
    path.chmod(mode)
    if (os.getuid(), os.getgid()) != owner:
        os.chown(path, *owner)


def problems(folder: Path, names: list[str]) -> list[str]:
    """A sentence for each file that is missing, empty, unreadable or open to others; empty means go."""
    return [found for name in names if (found := _problem(folder / name))]


def _problem(path: Path) -> str:
    how = "run 'python -m infra.production secrets'"
    try:
        found = path.stat()
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return f"the secret '{path}' is not there; {how}"
    except (OSError, UnicodeDecodeError) as error:
        return (
            f"the secret '{path}' cannot be read ({type(error).__name__}); give it to the user {os.getuid()}"
        )
    if not text.strip():
        return f"the secret '{path}' is empty; remove it and {how}"
    if is_open_to_others(found):
        return f"the secret '{path}' may be read by others; do 'chmod 600 {path.name}' where it was made"
    return ""


def read(folder: Path, name: str) -> str:
    """A secret's text, without what surrounds it."""
    return (folder / name).read_text(encoding="utf-8").strip()
