"""What is handed over, where it proves itself, and what is refused."""

import dataclasses
import errno
import json
import pickle
import re
import zipfile

import pytest

from projects.errors import BadInput
from projects.export import export
from projects.export.environment import Failed, environment_of
from projects.export.export import export_origin
from projects.export.exported import ExportFailed
from tests.unit.projects.export.export_fixtures import town_version

FALLING = "import pathlib, sys\npathlib.Path(sys.argv[2]).write_bytes({said!r})\n"
"""In place of the script that proves an export: one that gives the right answers, and could not fit."""


@pytest.fixture(scope="module")
def origin():
    return town_version(["decision_tree"], "binary")


@pytest.fixture(scope="module")
def out(origin, tmp_path_factory):
    """An export that has run in a real isolated environment."""
    folder = tmp_path_factory.mktemp("real") / "out"
    made = export_origin(origin, folder)
    assert made.proof.environment.startswith("an isolated Python")
    return folder


def test_no_line_of_code_mentions_what_it_was_made_with(out):
    ours = re.compile(r"^\s*(from|import) (projects|serving|monitoring|penstock|mlflow)\b", re.MULTILINE)
    named = [path for path in out.rglob("*.py") if ours.search(path.read_text("utf-8"))]
    assert named == []


def test_only_what_the_model_needs_is_required(out):
    lines = (out / "requirements.txt").read_text("utf-8").split()
    assert [line.partition("==")[0] for line in lines] == ["numpy", "pandas", "scikit-learn"]


def test_the_readme_says_what_was_proved_and_where_to_run_it(out):
    said = (out / "README.md").read_text("utf-8")
    for word in ("SageMaker", "Vertex AI", "Azure ML", "Dask", "Ray", "largest difference is 0.0e+00"):
        assert word in said
    assert "@@" not in said


def test_the_container_runs_without_rights(out):
    said = (out / "Dockerfile").read_text("utf-8")
    assert "USER 10001" in said
    assert "libgomp1" not in said  # LightGBM alone needs it


def test_its_own_file_says_where_it_comes_from(out):
    told = json.loads((out / "export.json").read_text("utf-8"))
    assert (told["model"], told["version"], told["complete"]) == ("town", "3", True)


def test_a_zip_holds_one_folder(origin, warm, tmp_path):
    made = export_origin(origin, tmp_path / "town.zip", form="zip", places=warm.for_these)
    with zipfile.ZipFile(made.path) as packed:
        assert sorted(packed.namelist()) == [f"town/{path}" for path in made.files]
    assert [path.name for path in tmp_path.iterdir()] == ["town.zip"]


def test_an_output_that_exists_is_refused(origin, tmp_path):
    with pytest.raises(BadInput, match=r"the output '.*' exists; remove it, or name another with output="):
        export_origin(origin, tmp_path)


def test_a_full_disk_is_a_sentence_and_leaves_nothing(origin, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(export, "write_version", full)
    with pytest.raises(BadInput, match=r"cannot be written to '.*': the disk is full; make room"):
        export_origin(origin, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_other_answers_than_the_versions_are_not_handed_over(origin, warm, tmp_path):
    probabilities = origin.reference.probabilities + 1e-6
    other = dataclasses.replace(origin.reference, probabilities=probabilities)
    changed = dataclasses.replace(origin, reference=other)
    with pytest.raises(
        ExportFailed, match=r"version 3 of 'town' did not prove itself: its answers differ by up to"
    ):
        export_origin(changed, tmp_path / "out", places=warm.for_these)
    assert list(tmp_path.iterdir()) == []


def test_a_fit_that_raised_is_told_as_lacking(origin, tmp_path, warm, monkeypatch):
    known = {"why": "ValueError: no.", "predictions": origin.reference.predictions}
    said = {**known, "probabilities": origin.reference.probabilities}
    monkeypatch.setattr("projects.export.proof.template", lambda _: FALLING.format(said=pickle.dumps(said)))
    made = export_origin(origin, tmp_path / "out", places=warm.for_these)
    assert not made.is_complete
    assert made.lacking == (
        "train.py could not be shown to fit: fitting 240 reference rows raised ValueError: no",
    )


def test_a_model_that_is_no_pipeline_gives_its_files(origin, tmp_path):
    files = tmp_path / "version"
    files.mkdir()
    (files / "MLmodel").write_text("flavors:\n", encoding="utf-8")
    model = dataclasses.replace(origin, folder=files, lacking="it is no scikit-learn model")
    made = export_origin(model, tmp_path / "out")
    assert made.lacking == ("it has no code of ours, because it is no scikit-learn model",)
    assert (tmp_path / "out" / "model" / "MLmodel").is_file()


def test_secrets_of_the_requirement_stay_behind(origin, warm, tmp_path):
    asked = {
        "data_source": {"url": "postgresql://me:hush@db/x", "query": "select 1"},
        "objective": "Who stays",
    }
    export_origin(dataclasses.replace(origin, asked=asked), tmp_path / "out", places=warm.for_these)
    texts = [path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert not any(b"hush" in text for text in texts)
    assert any(b"Who stays" in text for text in texts)


class TestEnvironment:
    def test_it_is_clean(self, tmp_path):
        (tmp_path / "look.py").write_text(
            "from importlib.util import find_spec\n"
            "print([n for n in ('numpy', 'pandas', 'projects', 'mlflow', 'lightgbm') if find_spec(n)])\n",
            encoding="utf-8",
        )
        with environment_of("isolated", ["numpy==0"]) as place:
            assert place.run(tmp_path, str(tmp_path / "look.py")) == "['numpy']\n"

    def test_what_goes_wrong_in_it_is_told(self, tmp_path):
        (tmp_path / "fall.py").write_text("raise ValueError('no such row')\n", encoding="utf-8")
        with (
            environment_of("isolated", ["numpy==0"]) as place,
            pytest.raises(Failed, match=r"fall.py: .*ValueError: no such row"),
        ):
            place.run(tmp_path, str(tmp_path / "fall.py"))
