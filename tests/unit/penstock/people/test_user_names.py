"""What users may be called."""

import pytest

from penstock.people.user_names import check_user_name
from penstock.problems import BadRequest


@pytest.mark.parametrize("name", ["ada", "ada.lovelace", "A-1_b", "a", "x" * 64])
def test_plain_names_are_taken(name: str) -> None:
    check_user_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".ada",
        "a/b",
        "a..b",
        "a.",
        "con",
        "a@b",
        "../x",
        "a b",
        "ädä",
        "x" * 65,
        "job-1",
        "JOB-1",
        "a\n",
        "' OR 1=1",
        "-a",
    ],
)
def test_names_that_are_paths_or_a_jobs_are_refused(name: str) -> None:
    with pytest.raises(BadRequest, match="a user's name must be 1 to 64 letters"):
        check_user_name(name)
