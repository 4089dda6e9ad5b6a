"""`python -m serving.keys`, run in this process."""

import json
from pathlib import Path

import pytest

from serving.keys.__main__ import main


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PENSTOCK_VAR_DIR", str(tmp_path / "var"))


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)  # type: ignore[no-any-return]


def test_a_key_is_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["make", "shop"]) == 0
    text, told = capsys.readouterr().out.splitlines()
    assert text.startswith("penstock_")
    assert told.endswith("It is shown only this once.")
    main(["list"])
    assert text.rpartition("_")[2] not in capsys.readouterr().out


def test_all_that_was_asked_for_is_in_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    made = answer(
        capsys, "make", "shop", "--models", "churn, f*", "--actions", "read", "--rate", "5", "--owner", "ann"
    )
    listed = answer(capsys, "list")
    assert listed == [{name: value for name, value in made.items() if name != "key"}]
    assert (made["models"], made["actions"], made["rate_per_s"]) == (["churn", "f*"], ["read"], 5.0)


def test_the_list_says_how_a_key_stands(capsys: pytest.CaptureFixture[str]) -> None:
    key_id = str(answer(capsys, "make", "shop", "--days", "2")["key_id"])
    main(["list"])
    assert "  until 2" in capsys.readouterr().out
    assert main(["revoke", key_id]) == 0
    assert "gateways refuse it within 2 seconds" in capsys.readouterr().out
    main(["list"])
    assert "  revoked 2" in capsys.readouterr().out


def test_rotation_shows_another_key(capsys: pytest.CaptureFixture[str]) -> None:
    old = answer(capsys, "make", "shop")
    fresh = answer(capsys, "rotate", str(old["key_id"]), "--keep", "0")
    assert fresh["key"] != old["key"]
    main(["list"])
    assert capsys.readouterr().out.count("expired") == 1


def test_empty_options_are_options_not_given(capsys: pytest.CaptureFixture[str]) -> None:
    made = answer(capsys, "make", "shop", "--models", "", "--rate", "", "--days", "", "--actions", "")
    assert (made["models"], made["rate_per_s"], made["expires_at"]) == (["*"], None, None)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["make", "shop", "--rate", "fast"], "--rate must be a number, not 'fast'"),
        (["make", "shop", "--days", "-1"], "--days must be a number of days above zero, not '-1'"),
        (["make", "shop", "--days", "1e99"], "--days must be a number of days above zero, not '1e99'"),
        (["rotate", "x", "--keep", "-5"], "--keep must be seconds, 0 or more, not '-5'"),
        (["revoke", "x"], "there is no key 'x'; 'python -m serving.keys list' shows all"),
    ],
)
def test_bad_input_is_a_sentence_and_exit_code_2(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err == f"keys: {sentence}\n"


def test_a_database_that_is_away_is_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PENSTOCK_DATABASE_URL", "sqlite:////proc/no/keys.db")
    assert main(["list"]) == 1
    assert capsys.readouterr().err.startswith("keys: ")
