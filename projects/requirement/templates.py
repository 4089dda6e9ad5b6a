"""The requirements to start from, as files that are commented and can be read as they are."""

import json
import re
from collections.abc import Mapping
from functools import partial
from importlib import resources

from projects.errors import BadInput
from projects.hints import did_you_mean

NAMES = ("churn", "regression", "text", "time-split")


def template(name: str) -> str:
    """Return the text of a template.

    Raises:
        BadInput: There is none of that name.
    """
    if name not in NAMES:
        raise BadInput(f"there is no template '{name}'; {did_you_mean(name, NAMES)}", code="unknown_template")
    file = resources.files("projects.requirement") / "templates" / f"{name}.yaml"
    return file.read_text(encoding="utf-8")


def filled(text: str, values: Mapping[str, str]) -> str:
    r"""Put values behind the top keys of a template; comments and the other lines stay.

    >>> filled('user: ""  # whose', {"user": "ada"})
    'user: "ada"  # whose'
    """
    for key, value in values.items():
        line = re.compile(rf'^({re.escape(key)}: )"[^"]*"(.*)$', re.MULTILINE)
        quoted = json.dumps(value, ensure_ascii=False)  # JSON's quoting is YAML's double quoting
        text = line.sub(partial(_with_value, quoted), text)
    return text


def _with_value(quoted: str, match: re.Match[str]) -> str:
    return f"{match[1]}{quoted}{match[2]}"
