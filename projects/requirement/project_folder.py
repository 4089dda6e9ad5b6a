"""A user's project folder, made with a requirement to start from: `<user>/<project>/{data,config,...}`."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from projects.errors import BadInput

FOLDERS = ("data", "config", "models", "experiments", "deployment")
REQUIREMENT, TASKS = "requirement.yaml", "to_user_tasks.md"
LONGEST = 64
MARKS = frozenset("-_. ")
USER_MARKS = MARKS | {"@"}
"""Many sign in by their e-mail addresses."""
RESERVED = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
)


@dataclass(frozen=True)
class ProjectFolder:
    """A project's folder.

    Attributes:
        root: `<projects>/<user>/<project>`.
    """

    root: Path

    @property
    def requirement(self) -> Path:
        """The file of the requirement."""
        return self.root / "config" / REQUIREMENT

    @property
    def tasks(self) -> Path:
        """The list of what only a person can do."""
        return self.root / TASKS


def project_folder(projects: Path, user: str, project: str) -> ProjectFolder:
    """Return where a project's folder is; it need not exist.

    Raises:
        BadInput: A name is no plain name of a folder.
    """
    return ProjectFolder(projects / plain_name(user, "user") / plain_name(project, "project"))


def plain_name(name: str, what: str) -> str:
    """Check a name that becomes a folder, and return it in its composed form.

    Raises:
        BadInput: It is empty, too long, or holds what a path is made of.
    """
    plain = unicodedata.normalize("NFC", name.strip())
    marks, at = (USER_MARKS, " '@',") if what == "user" else (MARKS, "")
    wanted = (
        f"{what} must be a plain name of letters, digits, '-', '_',{at} '.' and blanks,"
        f" at most {LONGEST} of them"
    )
    if not plain:
        raise BadInput(f"{wanted}; give one with --{what}", code="wrong_name")
    is_plain = all(mark.isalnum() or mark in marks for mark in plain)
    is_path = plain.startswith((".", "-")) or plain.endswith(".") or ".." in plain
    if not is_plain or is_path or len(plain) > LONGEST or plain.split(".")[0].casefold() in RESERVED:
        raise BadInput(f"{wanted}, not beginning or ending with a dot, not {name!r:.80}", code="wrong_name")
    return plain


def make_folder(folder: ProjectFolder, requirement: str, tasks: str) -> tuple[Path, ...]:
    """Make the folder and its files; return the files that were written.

    Raises:
        BadInput: It holds a requirement already, or a part of its path is a file.
    """
    if folder.requirement.exists():
        raise BadInput(
            f"the project has a requirement already: '{folder.requirement}'; edit it, or name another",
            code="exists",
        )
    try:
        for name in FOLDERS:
            (folder.root / name).mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise BadInput(
            f"'{error.filename}' is a file where a folder must be; move it away", code="exists"
        ) from error
    contents: Mapping[Path, str] = {folder.requirement: requirement, folder.tasks: tasks}
    for path, text in contents.items():
        path.write_text(text, encoding="utf-8")
    return tuple(contents)
