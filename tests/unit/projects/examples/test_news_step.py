"""The entry point `news`: what it refuses before any work begins."""

import pytest

from projects.examples.news.step import STEP


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PENSTOCK_VAR_DIR", str(tmp_path / "var"))

    def _run(*words):
        code = STEP.run(list(words))
        return code, capsys.readouterr().err

    return _run


def test_without_a_file_it_says_how_to_name_one(run):
    assert run() == (2, "penstock: name the raw file of headlines with -P data=FILE\n")


def test_a_file_that_is_not_there_is_named(run):
    code, said = run("--data", "nowhere.tsv")
    assert code == 2
    assert "the raw news 'nowhere.tsv' cannot be read" in said


@pytest.mark.parametrize("articles", ["0", "many", "1.5"])
def test_the_number_of_articles_must_be_one(run, articles):
    code, said = run("--data", "raw.tsv", "--articles", articles)
    assert code == 2
    assert f"articles must be a whole number from 1 to 10000000, not '{articles}'" in said


def test_a_parameter_that_there_is_not_is_told_with_the_nearest(run):
    code, said = run("--data", "raw.tsv", "--article", "5")
    assert code == 2
    assert "the step news has no parameter 'article'; did you mean 'articles'" in said
