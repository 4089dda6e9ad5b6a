"""A step works on the disk of the var folder, a job of the platform in its own folder there."""

from pathlib import Path

import pytest

from projects.errors import BadInput
from projects.steps.placed import workspace
from serving.settings import Settings, load


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load({"PENSTOCK_VAR_DIR": str(tmp_path / "var")})


def test_a_step_works_in_the_var_folder_and_leaves_nothing(settings: Settings) -> None:
    with workspace(settings, "ingest") as folder:
        assert (folder.parent, folder.name[:7]) == (settings.var_dir, "ingest-")
    assert list(settings.var_dir.iterdir()) == []


def test_a_job_s_step_works_where_its_limit_of_disk_sees_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = settings.jobs_dir / "a job" / "tmp"
    own.mkdir(parents=True)
    monkeypatch.setenv("TMPDIR", str(own))
    with workspace(settings, "ingest") as folder:
        assert folder.parent == own


def test_a_person_s_folder_for_small_files_is_not_taken_for_tables(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with workspace(settings, "ingest") as folder:
        assert folder.parent == settings.var_dir


def test_a_var_folder_that_is_a_file_is_told(settings: Settings) -> None:
    settings.var_dir.write_text("")
    with pytest.raises(BadInput, match="cannot be written"), workspace(settings, "ingest"):
        pass
