"""What is no requirement at all is refused with what to do."""

import pytest

from projects.errors import BadInput
from projects.requirement.document import LARGEST_BYTES, read_document


@pytest.fixture
def refused(tmp_path):
    def read(text, name="spec.yaml"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        with pytest.raises(BadInput) as caught:
            read_document(path)
        return str(caught.value)

    return read


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty; write it like"),
        (" \n\n", "is empty"),
        ("# only this", "holds comments only"),
        ("- a\n- b", "must hold keys and values, not a list"),
        ("churn", "must hold keys and values, not a single value"),
        ("a: 1\nb: 2\na: 3", "gives the key 'a' twice, in lines 1 and 3; keep one"),
        ("t:\n  x: 1\n  x: 2", "gives the key 'x' twice, in lines 2 and 3"),
        ("a:\n\tb: 1", "line 2 has a tab in front, which YAML does not take; use spaces"),
        ("a: [1", "is no YAML: expected ',' or ']'"),
        ("a: b: c", "is no YAML: mapping values are not allowed here in line 1, column 5"),
        (b"a: caf\xe9", "must be UTF-8 text; line 1 has the byte 0xe9; save it again as UTF-8"),
        ("a: 1".encode("utf-16"), "must be UTF-8 text"),
        (b"a: \x00", "is no YAML: special characters are not allowed"),
        ("a: &x [*x]", "is nested too deep"),
        ("[" * 1200, "is nested too deep"),
        ("? [a, b]\n: 1", "has no name before the colon"),
    ],
)
def test_a_file_that_is_no_requirement_is_refused(refused, text, sentence):
    assert sentence in refused(text)


def test_aliases_that_unfold_to_billions_are_refused_at_once(refused):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert "unfolds to over 100,000 values" in refused("\n".join(lines))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"a": 1, "a": 2}', "gives the key 'a' twice"),
        ('{"a": NaN}', "holds NaN, which is no number of JSON"),
        ('{"a": 1', "is no JSON: Expecting ',' delimiter in line 1, column 8"),
        ('{"a": ' * 100_000, "is nested too deep"),
    ],
)
def test_broken_json_is_refused(refused, text, sentence):
    assert sentence in refused(text, "spec.json")


def test_a_huge_file_is_refused_unread(refused):
    assert "which is no requirement" in refused(b"a: 1\n" * (LARGEST_BYTES // 5 + 1))


def test_a_missing_file_is_named_with_the_nearest(tmp_path):
    (tmp_path / "requirement.yaml").write_text("a: 1", encoding="utf-8")
    with pytest.raises(
        BadInput, match=r"there is no file '.*reqirement.yaml'; did you mean 'requirement.yaml'"
    ):
        read_document(tmp_path / "reqirement.yaml")


def test_a_folder_is_no_requirement(tmp_path):
    with pytest.raises(BadInput, match="is no file; name a requirement in YAML or JSON"):
        read_document(tmp_path)


def test_yaml_means_what_it_says(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("yes_no: [yes, No, on]\nday: 2024-01-02\nsmall: 1e-3\nflag: true\n", encoding="utf-8")
    values = read_document(path).values
    assert values == {"yes_no": ["yes", "No", "on"], "day": "2024-01-02", "small": 0.001, "flag": True}


def test_every_key_has_its_line(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("a: 1\nb:\n  c: [1, {d: 2}]\n", encoding="utf-8-sig")
    assert read_document(path).lines == {("a",): 1, ("b",): 2, ("b", "c"): 3, ("b", "c", 1, "d"): 3}
