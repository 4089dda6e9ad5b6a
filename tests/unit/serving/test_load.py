"""A version's files may hold anything: what cannot be loaded is refused by one kind of error."""

from pathlib import Path

import pytest

from serving.scorers.load import load_scorer
from serving.scorers.refusal import LoadError


@pytest.mark.parametrize(
    "text", ["a: [1\n b: }", "", "- 1\n", "\0", "flavors: {}\nsignature:\n  inputs: nope\n"]
)
def test_an_mlmodel_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "MLmodel").write_text(text)
    with pytest.raises(LoadError, match="its MLmodel cannot be read: "):
        load_scorer(tmp_path, plan_sha256=None)


def test_a_model_whose_code_ends_the_program_is_refused(tmp_path: Path) -> None:
    (tmp_path / "leaves.py").write_text("raise SystemExit(3)\n")
    (tmp_path / "MLmodel").write_text(
        "flavors:\n  python_function:\n    loader_module: leaves\n    code: .\n    python_version: 3.11.0\n"
    )
    with pytest.raises(LoadError, match="its pyfunc cannot be loaded: SystemExit: 3"):
        load_scorer(tmp_path, plan_sha256=None)
