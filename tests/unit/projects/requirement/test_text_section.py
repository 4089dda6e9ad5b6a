"""What a requirement says of free text: found by default, named, described, or left alone."""

import pytest

from projects.errors import BadInput
from projects.requirement.read import read_requirement
from projects.requirement.templates import template


def text_of(**values):
    said = "; ".join(f"features.text.{key}={value}" for key, value in values.items())
    return read_requirement(parameters={"data": "x.csv", "set": said}).features.text


def refused(**values):
    with pytest.raises(BadInput) as caught:
        text_of(**values)
    return str(caught.value)


def test_by_default_it_is_chosen():
    assert text_of(language="en").configuration == "auto"


def test_columns_are_a_list_with_commas():
    assert text_of(columns="note, answer").columns == ("note", "answer")


def test_keyword_lists_have_names():
    assert text_of(keywords="{money: [bank, stock]}").keywords == {"money": ("bank", "stock")}


def test_an_unknown_configuration_has_a_nearest():
    assert "did you mean 'balanced'" in refused(configuration="balance")


def test_none_and_named_columns_contradict():
    assert "configuration is none, but columns are named" in refused(configuration="none", columns="[note]")


def test_a_column_is_one_thing():
    assert "the column 'note' is named twice" in refused(columns="[note]", title="note")


def test_a_list_of_no_words_is_refused():
    assert "the keyword list 'money' has no word" in refused(keywords="{money: []}")


def test_the_template_says_how(tmp_path):
    path = tmp_path / "text.yaml"
    path.write_text(template("text"), encoding="utf-8")
    assert read_requirement(parameters={"spec": str(path)}).features.text.configuration == "auto"
