r"""A person's file of rules, YAML or JSON: a list of rules, each with words, phrases or a pattern.

```yaml
- {name: outage, group: incident, any: [is down, outage], weight: 2}
- {name: ticket number, group: incident, pattern: 'INC\d{6}'}
```
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from projects.errors import BadInput
from projects.hints import did_you_mean, shown
from serving.plan.text.reading import WORD
from serving.plan.text.rules import Rule, may_explode

KEYS = ("name", "group", "label", "any", "pattern", "weight")
LONGEST_PATTERN = 2_000


def read_rules(given: str | Path | Sequence[Mapping[str, Any]]) -> list[Rule]:
    """Read rules.

    Args:
        given: A file, or the list itself.

    Raises:
        BadInput: The file cannot be read, or a rule cannot be used; the sentence names the rule.
    """
    document = _loaded(Path(given)) if isinstance(given, str | Path) else given
    if isinstance(document, Mapping) and set(document) == {"rules"}:
        document = document["rules"]
    if not isinstance(document, Sequence) or isinstance(document, str) or not document:
        raise BadInput(f"rules must be a list with one rule or more; this is {shown(document)}")
    return [_rule(number, one) for number, one in enumerate(document)]


def _loaded(path: Path) -> Any:
    import yaml

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"the file of rules {path} cannot be read: {error}") from error
    try:
        return json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError) as error:
        raise BadInput(f"the file of rules {path} is neither YAML nor JSON: {error}") from error


def _rule(number: int, given: Any) -> Rule:
    if not isinstance(given, Mapping):
        raise BadInput(
            f"rule {number} must be a mapping with 'group' and 'any' or 'pattern'; it is {shown(given)}"
        )
    named = f"rule {str(given['name'])!r}" if given.get("name") else f"rule {number}"
    if unknown := [str(key) for key in given if key not in KEYS]:
        raise BadInput(f"{named} has the unknown key {unknown[0]!r}; {did_you_mean(unknown[0], KEYS)}")
    group = given.get("group", given.get("label"))
    if group is None or isinstance(group, Mapping | list):
        raise BadInput(f"{named} must say its group (or label): what it speaks for")
    words, pattern = _words(named, given.get("any")), _pattern(named, given.get("pattern"))
    if not words and not pattern:
        raise BadInput(f"{named} must have words in 'any' or a 'pattern'")
    return Rule(
        str(given.get("name") or number), str(group), words, pattern, _weight(named, given.get("weight"))
    )


def _words(named: str, given: Any) -> tuple[str, ...]:
    words = [given] if isinstance(given, str) else given or []
    strange = (
        [word for word in words if not isinstance(word, str) or not WORD.search(word)]
        if isinstance(words, list | tuple)
        else [given]
    )
    if strange:
        raise BadInput(f"{named}: 'any' must be a list of words and phrases, not {shown(strange[0])}")
    return tuple(words)


def _pattern(named: str, given: Any) -> str:
    if given is None:
        return ""
    if not isinstance(given, str) or not given or len(given) > LONGEST_PATTERN:
        raise BadInput(f"{named}: 'pattern' must be a text of {LONGEST_PATTERN} characters at most")
    try:
        compiled = re.compile(given)
    except (re.error, OverflowError, RecursionError) as error:
        raise BadInput(f"{named}: the pattern {shown(given)} is no regular expression: {error}") from error
    if compiled.search(""):
        raise BadInput(f"{named}: the pattern {shown(given)} holds for an empty text, and so for every text")
    if may_explode(given):
        raise BadInput(
            f"{named}: the pattern {shown(given)} repeats a repetition or a choice, which may take for ever"
            " on some texts; write it without '+', '*', '?' or '|' within another '+' or '*'"
        )
    return given


def _weight(named: str, given: Any) -> float:
    if given is None:
        return 1.0
    if isinstance(given, bool) or not isinstance(given, int | float) or not abs(given) < 1e6:
        raise BadInput(f"{named}: 'weight' must be a number, not {shown(given)}")
    return float(given)
