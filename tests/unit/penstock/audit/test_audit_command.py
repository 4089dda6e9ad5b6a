"""`python -m penstock.audit` beside no MLflow."""

import pwd

from penstock.audit.__main__ import main


def test_somebody_without_an_account_of_the_system_reads_the_trail(tmp_path, monkeypatch, capsys):
    def unknown(uid):
        raise KeyError(uid)

    for name in ("USER", "LOGNAME", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.setenv("PENSTOCK_VAR_DIR", str(tmp_path))
    monkeypatch.setenv("PENSTOCK_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    assert main(["list"]) == 0
    assert "there are no such entries" in capsys.readouterr().out
