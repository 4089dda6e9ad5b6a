"""The commands that the page of the API shows."""

import json
import shlex

from penstock.api.docs import curl


def as_a_shell_reads(content):
    shown = curl({}, "http://h", "/api/ml/x", "post", {"requestBody": {"content": content}})
    return shlex.split(shown.replace("\\\n", ""))


def test_a_shown_command_is_one_that_a_shell_takes():
    example = {"password": "a long password of ada's"}
    content = {"application/json": {"example": example}}
    words = as_a_shell_reads(content)
    assert json.loads(words[words.index("-d") + 1]) == example


def test_a_shown_form_is_one_that_a_shell_takes():
    content = {"multipart/form-data": {"example": {"file": "ada's.csv", "name": "ada's"}}}
    words = as_a_shell_reads(content)
    assert words[-3::2] == ["file=@ada's.csv", "name=ada's"]
