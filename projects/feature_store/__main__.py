"""`python -m projects.feature_store`: list, show and add features.

Exit codes: 0 done, 2 bad input, 1 a failure of ours.
"""

import argparse
import getpass
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from projects.errors import BadInput
from projects.feature_store.feature import Feature
from projects.shell import TRACKING, connect, run_command
from serving.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    asked = _parser().parse_args(arguments)
    return run_command(lambda settings: asked.run(asked, settings), is_json=asked.json)


def _list(asked: argparse.Namespace, settings: Settings) -> None:
    from projects.feature_store.store import features

    found = features(_client(settings))
    if asked.json:
        print(json.dumps([feature.as_json() for feature in found]))
        return
    if not found:
        print("no feature is stored yet; add one with `python -m projects.feature_store add FILE`")
    for feature in found:
        used = f"used by {len(feature.uses)}" if feature.uses else "not used yet"
        print(f"{feature.name}:{feature.version}  {_said(feature)}  {used}  {feature.description}".rstrip())


def _show(asked: argparse.Namespace, settings: Settings) -> None:
    from projects.feature_store.store import resolve

    feature = resolve(_client(settings), [asked.name])[0]
    if asked.json:
        print(json.dumps(feature.as_json()))
        return
    added = datetime.fromtimestamp(feature.created_at / 1000, tz=UTC).isoformat(timespec="seconds")
    print(f"{feature.name}:{feature.version}  {_said(feature)}")
    print(f"added by {feature.owner or 'nobody named'} at {added}, run {feature.run_id}")
    if feature.description:
        print(feature.description)
    print(json.dumps(feature.definition, indent=2))
    for run_id, cells in feature.uses.items():
        print(f"in training {run_id}: {json.dumps(cells)}")


def _add(asked: argparse.Namespace, settings: Settings) -> None:
    from projects.feature_store.store import add

    entries = _read(asked.definition)
    client, owner = _client(settings), asked.owner or _user()
    stored = []
    for entry in entries:
        definition = {key: value for key, value in entry.items() if key not in ("name", "description")}
        stored.append(
            add(
                client, str(entry.get("name", "")), definition,
                description=asked.description or str(entry.get("description", "")), owner=owner,
            )
        )  # fmt: skip
    if asked.json:
        print(json.dumps([feature.as_json() for feature in stored]))
        return
    for feature in stored:
        print(f"{feature.name}:{feature.version}  {_said(feature)}")


def _read(text: str) -> list[dict[str, Any]]:
    import yaml

    path = Path(text)
    content = text
    if not text.lstrip().startswith(("{", "[")):
        try:
            content = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(
                f"'{text}' must be a file of definitions in JSON or YAML, or JSON itself; {error}"
            ) from error
    try:
        entries = yaml.safe_load(content)
    except yaml.YAMLError as error:
        raise BadInput(f"the definitions in '{text:.80}' must be JSON or YAML; {error}") from error
    entries = entries if isinstance(entries, list) else [entries]
    if not entries or not all(isinstance(entry, dict) for entry in entries):
        raise BadInput(
            "a definition is a mapping such as"
            ' {"name": "debt_ratio", "kind": "ratio", "columns": ["debt", "income"]}, or a list of these'
        )
    return entries


def _said(feature: Feature) -> str:
    definition = feature.definition
    if feature.is_custom:
        return f"custom({definition['function']})"
    more = [f"{key}={value}" for key, value in definition.items() if key not in ("kind", "columns")]
    return f"{definition['kind']}({', '.join([*definition['columns'], *more])})"


def _client(settings: Settings) -> Any:
    from mlflow import MlflowClient

    connect(settings.tracking_uri)
    return MlflowClient()


def _user() -> str:
    try:
        return os.environ.get("USER") or getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return ""


def _parser() -> argparse.ArgumentParser:
    line = argparse.ArgumentParser(
        prog="python -m projects.feature_store", description="Features by name.", epilog=TRACKING
    )
    commands = line.add_subparsers(required=True, metavar="COMMAND")
    for name, run, about in (
        ("list", _list, "every version of every feature"),
        ("show", _show, "one feature, with its statistics in each training that used it"),
        ("add", _add, "store definitions; the same definition again is no new version"),
    ):
        command = commands.add_parser(name, help=about)
        command.set_defaults(run=run)
        command.add_argument("--json", action="store_true", help="print JSON")
        if name == "show":
            command.add_argument("name", help="NAME, or NAME:VERSION")
        if name == "add":
            command.add_argument(
                "definition", help="a JSON or YAML file of one definition or several, or JSON itself"
            )
            command.add_argument("--description", default="", help="what it is for")
            command.add_argument("--owner", default="", help="who adds it; by default the user")
    return line


if __name__ == "__main__":
    sys.exit(main())
