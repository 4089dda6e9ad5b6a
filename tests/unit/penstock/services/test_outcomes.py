"""What came of a job, in words for whoever asked for it."""

import pytest

from penstock.jobs.job import Job, Wanted
from penstock.problems import BadRequest, Conflict
from penstock.services.outcomes import outcome, why

FILE = "/srv/projects/ada/shop/data/0198/t.csv"


def ended(told, *, code="bad_input"):
    wanted = Wanted("ingest", "ada", "ada/shop", {"data": FILE, "set": "cleaning.duplicates=keep"})
    return Job("1", wanted, "failed", 1.0, why=told, code=code)


def test_a_file_bears_its_own_name_and_not_our_folders():
    assert (
        why(ended(f"'{FILE}' is empty; a table needs a header")) == "'t.csv' is empty; a table needs a header"
    )


def test_what_lies_in_a_file_keeps_its_place_there():
    assert (
        why(ended(f"'{FILE}#Sheet 2' has a header but no rows")) == "'t.csv#Sheet 2' has a header but no rows"
    )


def test_a_job_that_says_nothing_names_its_log():
    assert why(ended("")) == "the job 1 failed; its log says more"


@pytest.mark.parametrize(
    ("code", "kind"), [("bad_input", BadRequest), ("memory", Conflict), ("away", Conflict)]
)
def test_its_code_says_whose_fault_it_was(code, kind):
    with pytest.raises(kind, match=r"^'t\.csv' is broken$"):
        outcome(ended(f"'{FILE}' is broken", code=code))
