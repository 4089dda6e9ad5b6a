"""`python -m penstock.audit verify|list|export`: the audit trail from the command line, for whoever runs it.

    verify                              0 where every entry holds, 1 where not
    list [FILTERS] [--limit N]          newest last
    export [FILTERS] [--output FILE]    JSON lines, oldest first

Exit codes: 0 done, 1 broken or the database does not answer, 2 bad input.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.audit.entries import SOURCES, Entry, Wanted
from penstock.people.person import Person
from penstock.problems import BadRequest, Problem
from serving.callers.administrator import act_as_administrator
from serving.settings import SettingsError, load

if TYPE_CHECKING:
    from penstock.desk import Desk

FILTERS = ("actor", "action", "project", "subject", "outcome")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    options = _parser().parse_args(arguments)
    try:
        settings = load()
        act_as_administrator(settings)
        from penstock.desk import Desk

        desk = Desk(settings)
        try:
            return int(options.run(desk, options))
        finally:
            desk.trail.close()
    except (SettingsError, BadRequest) as error:
        print(f"audit: {error}", file=sys.stderr)
        return 2
    except (Problem, OSError) as error:
        print(f"audit: {error}", file=sys.stderr)
        return 1


def _verify(desk: "Desk", options: argparse.Namespace) -> int:
    from penstock.services.audit import verified

    verdict = verified(desk, _whoever())
    told = verdict.problem or f"all {verdict.entries} entries of the audit trail hold"
    if options.json:
        print(json.dumps({"is_intact": verdict.problem is None, **asdict(verdict)}, ensure_ascii=False))
    else:
        print("\n".join([told, *(f"but {remark}" for remark in verdict.remarks)]))
    return 1 if verdict.problem else 0


def _list(desk: "Desk", options: argparse.Namespace) -> int:
    from penstock.services.audit import listed

    found = listed(desk, _whoever(), _wanted(options), most=options.limit)
    if options.json:
        print(json.dumps([asdict(entry) for entry in found], ensure_ascii=False))
    else:
        print("\n".join(_line(entry) for entry in reversed(found)) or "there are no such entries")
    return 0


def _export(desk: "Desk", options: argparse.Namespace) -> int:
    from penstock.services.audit import exported

    lines = exported(desk, _whoever(), _wanted(options))
    if options.output is None:
        sys.stdout.buffer.writelines(lines)
        sys.stdout.buffer.flush()
        return 0
    with options.output.open("wb") as file:
        file.writelines(lines)
    print(f"the entries are in '{options.output}'")
    return 0


def _whoever() -> Person:
    """Who runs this process: whoever may read the database may read the trail."""
    from serving.lifecycle.person import clean, user

    return Person(clean(user()), is_admin=True)


def _wanted(options: argparse.Namespace) -> Wanted:
    given = {name: getattr(options, name) for name in FILTERS}
    sources = (options.source,) if options.source else SOURCES
    return Wanted(**given, sources=sources, since=_time(options.since), until=_time(options.until))


def _time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        when = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise BadRequest(f"a time must be like 2026-07-31T12:00:00Z, not '{text}'; mend it") from error
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _line(entry: Entry) -> str:
    when = datetime.fromisoformat(entry.time).strftime("%Y-%m-%d %H:%M:%S")
    place = f" from {entry.address}" if entry.address else ""
    outcome = "" if entry.outcome == "done" else f" ({entry.outcome})"
    return f"{when}Z  {entry.source:<9}  {entry.actor}{place}: {entry.action}{outcome}  {entry.subject}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m penstock.audit", description="Who did what, and when.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    verify = commands.add_parser("verify", help="whether every entry holds")
    verify.set_defaults(run=_verify)
    listing = commands.add_parser("list", help="the newest entries")
    listing.add_argument("--limit", type=int, default=50, help="at most so many")
    listing.set_defaults(run=_list)
    exporting = commands.add_parser("export", help="all entries as JSON lines")
    exporting.add_argument("--output", type=Path, help="a file; by default they are printed")
    exporting.set_defaults(run=_export)
    for command in (verify, listing):
        command.add_argument("--json", action="store_true", help="answer as JSON")
    for command in (listing, exporting):
        for name in FILTERS:
            command.add_argument(f"--{name}", default="", help=f"only of this {name}")
        command.add_argument("--source", default="", help=f"only of {', '.join(SOURCES)}")
        command.add_argument("--since", default="", help="from this time on, such as 2026-07-31T12:00:00Z")
        command.add_argument("--until", default="", help="before this time")
    return parser


if __name__ == "__main__":
    sys.exit(main())
