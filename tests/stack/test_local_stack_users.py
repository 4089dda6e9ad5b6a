"""`make run` with sign-in: it works as without, and the administrator's password is in one file only."""

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import REPO, pick_free_port

pytestmark = pytest.mark.slow
PORTS = ("PENSTOCK_MLFLOW_PORT", "PENSTOCK_GATEWAY_PORT", "PENSTOCK_MONITOR_PORT", "PENSTOCK_API_PORT")


def command_lines() -> str:
    """The process list, as everybody on this machine can read it."""
    return subprocess.run(["ps", "axww"], capture_output=True, text=True, check=True).stdout


def test_the_stack_predicts_with_sign_in_and_tells_nobody_the_password(tmp_path: Path) -> None:
    var, said = tmp_path / "var", tmp_path / "said"
    environ = {name: text for name, text in os.environ.items() if not name.startswith("MLFLOW_TRACKING")}
    environ |= {name: str(pick_free_port()) for name in PORTS}
    environ |= {"PENSTOCK_VAR_DIR": str(var), "PENSTOCK_AUTH": "mlflow", "ONCE": "1"}
    seen = []
    with said.open("wb") as out:
        stack = subprocess.Popen(
            [sys.executable, "-m", "infra.local"], cwd=REPO, env=environ, stdout=out, stderr=out
        )
        while stack.poll() is None:
            seen.append(command_lines())
            time.sleep(2.0)
    told, file = said.read_text(), var / "mlflow_admin"
    password = file.read_text().strip().partition(":")[2]
    assert stack.returncode == 0, told
    assert "1000 predictions for as many users:" in told
    private = [file, var / "penstock.db", var / "mlflow_users.db", *(var / "log").iterdir()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}
    assert stat.S_IMODE(var.stat().st_mode) == 0o700
    assert str(file) in told
    logs = [log.read_text(errors="replace") for log in (var / "log").iterdir()]
    assert any("mlflow server" in lines for lines in seen)
    assert all(password not in text for text in (told, *logs, *seen))
