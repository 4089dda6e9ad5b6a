"""What users may be called: plain enough for a folder and for `owner/name`, and like no account of a job."""

import re

from penstock.problems import BadRequest
from projects.requirement.project_folder import RESERVED

PLAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?")
JOB_PREFIX = "job-"
"""What the accounts of running jobs are called with."""


def check_user_name(name: str) -> None:
    """See that a user can be called so.

    Raises:
        BadRequest: Not so.
    """
    is_plain = (
        PLAIN.fullmatch(name) and ".." not in name and name.partition(".")[0].casefold() not in RESERVED
    )
    if not is_plain or name.lower().startswith(JOB_PREFIX):
        raise BadRequest(
            f"a user's name must be 1 to 64 letters, digits, '.', '_' or '-', not begin with "
            f"'{JOB_PREFIX}' or end with a dot, not '{name[:80]}'; choose another"
        )
