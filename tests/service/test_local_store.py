"""A store in a SQLite file, without a server: opened by several at once, and silent as versions are made."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

REPO = Path(__file__).parents[2]
OPENS = "import sys, projects.shell as s; s.be_mannerly(); s.connect(sys.argv[1])"
AT_ONCE = 3


def environ(folder: Path) -> dict[str, str]:
    return os.environ | {
        "PENSTOCK_VAR_DIR": str(folder / "var"),
        "PENSTOCK_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
        "PYTHONPATH": str(REPO),
    }


def test_processes_that_open_a_new_store_at_once_all_succeed(tmp_path: Path) -> None:
    opened = [
        subprocess.Popen(
            [sys.executable, "-c", OPENS, f"sqlite:///{tmp_path}/mlflow.db"],
            env=environ(tmp_path),
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(AT_ONCE)
    ]
    said = [process.communicate(timeout=120)[1] for process in opened]
    assert [process.returncode for process in opened] == [0] * AT_ONCE, said


@pytest.mark.slow
def test_what_mlflow_says_of_every_version_is_not_said(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    table = pd.DataFrame(rng.normal(size=(100, 3)), columns=["a", "b", "y"])
    table.to_csv(tmp_path / "t.csv", index=False)
    command = [sys.executable, "-m", "projects", "train", "--data", str(tmp_path / "t.csv"), "--target", "y"]
    done = subprocess.run(
        [*command, "--algorithm", "ridge"],
        env=environ(tmp_path) | {"MLFLOW_LOGGING_LEVEL": "INFO"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Saving scikit-learn" not in done.stderr
    assert "Waiting up to" not in done.stderr
    assert "logging and registering ... t version 1" in done.stdout
