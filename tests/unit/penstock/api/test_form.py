"""Forms: fields and one file in any order, cut anywhere; all else is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.api.form import LONGEST_FIELD, FormReader
from penstock.problems import Problem
from tests.service.platform_fixtures import multipart

KNOWN = {"name": "", "project": ""}


def read(body, kind, size=7):
    came = bytearray()
    reader = FormReader(kind, KNOWN, came.extend)
    for at in range(0, len(body), size):
        reader.feed(body[at : at + size])
    return reader.done(), bytes(came)


def refused(body, kind="multipart/form-data; boundary=b"):
    with pytest.raises(Problem) as told:
        read(body, kind)
    return told.value.status, str(told.value)


@given(content=st.binary(max_size=300), size=st.integers(1, 97))
def test_the_file_comes_as_it_was_wherever_it_is_cut(content, size):
    form, came = read(*multipart(content, "a.csv", {"name": "ü"}), size)
    assert (came, form.file_name, form.fields) == (content, "a.csv", {"name": "ü"})


def test_fields_may_stand_behind_the_file():
    body = (b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nx\r\n'
            b'--b\r\nContent-Disposition: form-data; name="project"\r\n\r\nmine\r\n--b--\r\n')  # fmt: skip
    form, came = read(body, "multipart/form-data; boundary=b")
    assert (came, form.fields) == (b"x", {"project": "mine"})


def test_another_kind_is_refused():
    status, sentence = refused(b"", "application/json")
    assert status == 415
    assert sentence.startswith("the content type 'multipart/form-data' was wanted, not 'application/json';")


def test_a_form_without_a_file_is_refused():
    body = b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nx\r\n--b--\r\n'
    assert refused(body) == (422, "the form has no file; send it as the field 'file', with its name")


def test_an_unknown_field_is_refused_with_the_nearest():
    body = b'--b\r\nContent-Disposition: form-data; name="projct"\r\n\r\nx\r\n--b--\r\n'
    assert refused(body) == (422, "there is no field 'projct'; did you mean 'project'?")


def test_two_files_are_refused():
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nx\r\n'
    assert refused(part + part + b"--b--\r\n")[1] == "the form has more than one file; send one at a time"


def test_a_form_that_ends_too_early_is_refused():
    body, kind = multipart(b"abc", "a.csv", {})
    assert refused(body[:-12], kind) == (422, "the form is broken or ends too early; send it again")


@pytest.mark.parametrize("body", [b"", b"nonsense", b"--x\r\n", b"--b\r\nno header\r\n\r\n"])
def test_what_is_no_form_is_refused(body):
    assert refused(body)[0] == 422


def test_a_long_field_is_refused():
    body, kind = multipart(b"", "a.csv", {"name": "x" * (LONGEST_FIELD + 1)})
    assert refused(body, kind)[1] == f"name is longer than {LONGEST_FIELD} bytes; send a shorter one"
