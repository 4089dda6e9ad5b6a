"""Passwords in databases' addresses: shown as stars, kept as the name of an environment variable.

    postgresql://ada:s3cret@db/shop  ->  shown  postgresql://ada:***@db/shop
                                     ->  kept   postgresql://ada:${SOURCE_PASSWORD}@db/shop

What is kept can be read again where the variable is set: `projects.ingest.database` fills `${NAME}` in. An
address that names a variable already stays as it is.
"""

import re
from typing import Any

NAME = "SOURCE_PASSWORD"
"""The variable that stands in the place of a password that was written out."""
_STARS, _VARIABLE = "***", f"${{{NAME}}}"
_USER = re.compile(
    r"(?P<head>\b[a-z][\w+.-]*://[^:/@?#\s]*:)(?!\$\{\w+\}@)(?P<password>[^@\s]*(?:@[^@/?#\s]*)*)(?=@)",
    re.IGNORECASE,
)
"""As SQLAlchemy reads it, up to the `@`; where more of them come before the host, up to the last."""
_OPTION = re.compile(
    r"(?P<head>[?&](?:ssl)?(?:password|passwd|pwd)=)(?!\$\{\w+\})(?P<password>[^&#\s]+)", re.IGNORECASE
)


def shown(text: str) -> str:
    """A text that may hold addresses as it may be told."""
    return _masked(text, _STARS)


def kept(value: Any) -> Any:
    """A JSON value as it may be kept, all of its texts; what is read from it asks for `SOURCE_PASSWORD`."""
    if isinstance(value, str):
        return _masked(value, _VARIABLE)
    if isinstance(value, dict):
        return {key: kept(each) for key, each in value.items()}
    return [kept(each) for each in value] if isinstance(value, list) else value


def has_password(text: str) -> bool:
    """Whether an address in a text holds a password that is written out."""
    return shown(text) != text


def _masked(text: str, mask: str) -> str:
    for form in (_USER, _OPTION):
        text = form.sub(lambda found: found["head"] + mask, text)
    return text
