"""A version of the registry, exported: what the entry point, the API and `penstock export` call."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from projects.export.environment import Kind
from projects.export.export import check_output, export_origin
from projects.export.exported import Exported, Format
from projects.export.origin import fetch_origin
from projects.version import find_version


@dataclass(frozen=True)
class Wish:
    """What is to be exported, and how.

    Attributes:
        name: The registered model, or `models:/NAME/VERSION_OR_STAGE`.
        version: Its version; if empty, the one in the stage.
        stage: The stage.
        output: The folder or zip to make; None for `NAME-vVERSION` in the working folder.
        form: A folder, or a zip.
        environment: Where the export proves itself.
    """

    name: str
    version: str = ""
    stage: str = "Production"
    output: Path | None = None
    form: Format = "folder"
    environment: Kind = "isolated"


def export_version(
    client: Any, wish: Wish, scratch: Path, say: Callable[[str], None] = lambda _: None
) -> Exported:
    """Export a version.

    Args:
        client: The registry, an MlflowClient.
        wish: What is to be exported.
        scratch: A folder for the version's files; it is left to the caller to remove.
        say: Hears what is being done, a sentence at a time.

    Raises:
        BadInput: There is no such version, its files are gone, its code is not trusted, or the output exists
            or cannot be written.
        ExportFailed: The export did not run in a clean environment, or answered otherwise than the version;
            nothing is left behind.
    """
    found = find_version(client, wish.name, wish.version, wish.stage)
    name, number = str(found.name), str(found.version)
    output = wish.output or default_output(name, number, wish.form)
    check_output(output)
    origin = fetch_origin(client, name, number, wish.stage, scratch)
    return export_origin(origin, output, form=wish.form, kind=wish.environment, say=say)


def default_output(name: str, number: str, form: Format) -> Path:
    """Name the output after the version: `NAME-vN`, or `NAME-vN.zip`, in the working folder."""
    stem = re.sub(r"[^\w.-]+", "_", name).strip("_.") or "model"
    return Path(f"{stem}-v{number}{'.zip' if form == 'zip' else ''}")
