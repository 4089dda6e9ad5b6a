"""Whose own code runs: a model's that is trusted."""

from pathlib import Path
from typing import Any

import pytest

from serving.registry.snapshot import Held
from serving.scorers.loader import Loader
from serving.scorers.refusal import LoadError
from serving.settings import Settings

MLMODEL = "flavors:\n  python_function:\n    loader_module: own\n    python_version: 3.11.0\n"
REFUSED = "it runs code of its own, and 'people' is not among trusted_models; train it here, or have the"


class Hosted:
    """What runs code elsewhere, and remembers whose."""

    def __init__(self) -> None:
        self.versions: list[str] = []

    def scorer(self, held: Held, *_: Any, **__: Any) -> object:
        self.versions.append(held.version)
        return object()


def held(root: Path, upstream: str | None = None) -> Held:
    folder = root / "models" / "people" / "3-a"
    folder.mkdir(parents=True)
    (folder / "MLmodel").write_text(MLMODEL)
    return Held("people", "3", "models/people/3-a", None, upstream=upstream)


def loader(root: Path, hosting: Any, trusted: str, auth: str = "mlflow") -> Loader:
    return Loader(root, hosting, trusts=Settings(auth=auth, trusted_models=trusted).trusts)


@pytest.mark.parametrize("trusted", ["", "peopl", "other, peoples"])
@pytest.mark.parametrize("upstream", [None, "http://127.0.0.1:9"])
def test_code_of_a_model_that_nobody_named_is_refused(
    tmp_path: Path, trusted: str, upstream: str | None
) -> None:
    hosting = Hosted()
    with pytest.raises(LoadError, match=REFUSED):
        loader(tmp_path, hosting, trusted).load(held(tmp_path, upstream))
    assert hosting.versions == []


@pytest.mark.parametrize(
    ("trusted", "auth"), [("people", "mlflow"), ("a, people", "mlflow"), ("*", "mlflow"), ("", "off")]
)
def test_code_of_a_named_model_runs_and_everybodys_where_nobody_signs_in(
    tmp_path: Path, trusted: str, auth: str
) -> None:
    hosting = Hosted()
    loader(tmp_path, hosting, trusted, auth).load(held(tmp_path))
    assert hosting.versions == ["3"]
