"""The digest of a version's saved model, which the registry keeps apart from the files: a swap shows.

Loading a pickle runs what is in it, and whoever may write to the artefact store can put another in its place.
The digest is over MLflow's `MLmodel`, which says what is loaded and how, and over the pickle that it names.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import yaml

from projects.errors import BadInput

MODEL_TAG = "penstock.model_sha256"
"""A version's tag: what `digest_of` its files must be."""
MLMODEL = "MLmodel"


def digest_of(folder: Path) -> str:
    """The SHA-256 (hex) over the `MLmodel` and the pickle that it names.

    Args:
        folder: A version's files.

    Raises:
        OSError: A file is not there.
        ValueError: The `MLmodel` names no pickle.
    """
    text = (folder / MLMODEL).read_bytes()
    try:
        name = str(yaml.safe_load(text)["flavors"]["sklearn"]["pickled_model"])
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise ValueError(f"'{MLMODEL}' names no scikit-learn model ({type(error).__name__})") from error
    total = hashlib.sha256(hashlib.sha256(text).digest())
    with (folder / name).open("rb") as file:
        total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()


def check_saved_model(folder: Path, tags: Mapping[str, str], what: str) -> bool:
    """See that a saved model is the one that was registered, before anything of it is loaded.

    Args:
        folder: The version's files.
        tags: Its tags.
        what: How a sentence calls the version.

    Returns:
        Whether that is known; not where the version was registered without a digest.

    Raises:
        BadInput: It is another.
    """
    wanted = tags.get(MODEL_TAG, "")
    if not wanted:
        return False
    try:
        found = digest_of(folder)
    except (OSError, ValueError) as error:
        found = f"none ({type(error).__name__})"
    if found != wanted:
        raise BadInput(
            f"the saved model of {what} is not the one that was registered (its digest is {found:.12}..., the"
            f" version's tag says {wanted:.12}...), and a pickle runs code when it is loaded; bring its files"
            " back from a back-up, or train again"
        )
    return True
