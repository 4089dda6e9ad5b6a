"""The Dockerfile of an export is one that hadolint has nothing to say of."""

import subprocess
import sys
from pathlib import Path

import pytest

from projects.export.sources import dockerfile

HADOLINT = Path(sys.executable).with_name("hadolint")


@pytest.mark.parametrize("needs", [["numpy==2.0"], ["lightgbm==4.6", "numpy==2.0"]])
def test_hadolint_has_nothing_to_say(needs, tmp_path):
    path = tmp_path / "Dockerfile"
    path.write_text(dockerfile(needs), encoding="utf-8")
    done = subprocess.run([HADOLINT, path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_lightgbm_gets_its_openmp():
    assert "libgomp1" in dockerfile(["lightgbm==4.6"])
    assert "libgomp1" not in dockerfile(["numpy==2.0"])
