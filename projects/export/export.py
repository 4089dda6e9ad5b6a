"""A version becomes a folder or a zip that needs no Penstock, and proves itself before it is handed over.

version -> unfitted model -> code, saved model -> run in a clean environment -> folder or zip
"""

import errno
import json
import shutil
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from projects.errors import BadInput
from projects.export.environment import Environment, Failed, Kind, environment_of
from projects.export.exported import Exported, ExportFailed, Format
from projects.export.foreign import write_foreign
from projects.export.origin import Origin
from projects.export.printed import Unprintable
from projects.export.proof import Proof, prove
from projects.export.sources import complete_columns, python, readme
from projects.export.written import Written, write_text, write_version
from projects.saved_model import MODEL_TAG

ABOUT = "export.json"
Say = Callable[[str], None]
Places = Callable[[Sequence[str]], AbstractContextManager[Environment]]
"""Makes, for a while, the environment that pinned requirements ask for."""


def export_origin(
    origin: Origin,
    output: Path,
    *,
    form: Format = "folder",
    kind: Kind = "isolated",
    say: Say = lambda _: None,
    places: Places | None = None,
) -> Exported:
    """Write an export, run it, and hand it over.

    Args:
        origin: The version.
        output: The folder or zip to make; it must not exist.
        form: Which of both.
        kind: In what environment it runs itself.
        say: Hears what is being done.
        places: Makes the environment; None makes one of the kind.

    Raises:
        BadInput: The output exists or cannot be written.
        ExportFailed: It did not run, or answered otherwise than the version; nothing is left behind.
    """
    started = time.monotonic()
    check_output(output)
    made_in: Places = places or partial(environment_of, kind)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{output.name}.", dir=output.parent) as beside:
            folder = Path(beside) / "export"
            folder.mkdir()
            made = _made(origin, folder, made_in, say)
            files = tuple(
                sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
            )
            _hand_over(folder, output, form, files)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        why = "the disk is full" if full else error.strerror or str(error)
        what = "make room" if full else "name another with output="
        raise BadInput(f"the export cannot be written to '{output}': {why}; {what}") from error
    return replace(made, path=output, files=files, seconds=time.monotonic() - started)


def check_output(output: Path) -> None:
    """See that an output can be made.

    Raises:
        BadInput: There is something already.
    """
    if output.exists() or output.is_symlink():
        raise BadInput(f"the output '{output}' exists; remove it, or name another with output=")


def _made(origin: Origin, folder: Path, places: Places, say: Say) -> Exported:
    if origin.lacking or origin.reference is None:
        return _foreign(origin, origin.lacking or "it has no reference rows to be held against", folder, say)
    say(f"writing {_called(origin)} as code")
    try:
        written = write_version(origin, folder)
    except (Unprintable, LookupError) as error:
        return _foreign(origin, f"it cannot be written as code: {error}", folder, say)
    say("running it where Penstock is not")
    proof = _proved(origin, written, folder, places)
    for line in proof.lines:
        say(line)
    told = [
        *proof.lines,
        _of_saved_model(origin),
        *(f"Not in this export: {one}." for one in written.lacking),
    ]
    text = "## What was proved\n\n" + "\n".join(told) + "\n"
    write_text(folder, "README.md", readme(origin, written.code, written.saved.told, text))
    unshown = (f"train.py could not be shown to fit: {proof.why}",) if proof.has_raised else ()
    made = Exported(folder, origin.name, origin.number, written.lacking or unshown, proof)
    write_text(folder, ABOUT, _about(origin, made))
    return made


def _proved(origin: Origin, written: Written, folder: Path, places: Places) -> Proof:
    try:
        with places(written.requirements) as place:
            return prove(origin, written.unfitted, complete_columns(origin), folder, place)
    except Failed as error:
        raise ExportFailed(
            f"the export of {_called(origin)} did not prove itself: {error}", code="export_failed"
        ) from error


def _called(origin: Origin) -> str:
    return f"version {origin.number} of '{origin.name}'"


def _foreign(origin: Origin, why: str, folder: Path, say: Say) -> Exported:
    say(f"only the model's files can be exported: {why}")
    for path in list(folder.iterdir()):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    write_foreign(origin, why, folder)
    made = Exported(folder, origin.name, origin.number, (f"it has no code of ours, because {why}",), None)
    write_text(folder, ABOUT, _about(origin, made))
    return made


def _of_saved_model(origin: Origin) -> str:
    if origin.model_sha256:
        return "Before it was opened, the saved model had the SHA-256 that the registry has of the version."
    return (
        "Not shown: that the saved model is the one that was registered. The version bears no digest of it "
        f"(the tag {MODEL_TAG}), so a pickle that was swapped in the artefact store would have been opened."
    )


def _about(origin: Origin, made: Exported) -> str:
    kept = ("model", "version", "complete", "lacking", "proof")
    told = {name: value for name, value in made.as_json.items() if name in kept}
    told |= {"exported_at": datetime.now(UTC).isoformat(timespec="seconds"), "python": python()}
    told |= {"target": origin.target, "algorithm": origin.tags.get("penstock.algorithm", "")}
    told |= {"registered_model_sha256": origin.model_sha256}
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def _hand_over(folder: Path, output: Path, form: Format, files: Sequence[str]) -> None:
    made = folder
    if form == "zip":
        made = folder.with_name("export.zip")
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
            for name in files:
                packed.write(folder / name, f"{output.stem}/{name}")
    check_output(output)
    made.rename(output)
