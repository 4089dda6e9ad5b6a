"""`python -m serving.lifecycle`: moves and their history from the command line.

Optional values may be empty texts, which is how an MLproject passes what was not given. Exit codes: 0 done or
nothing to do, 1 failed, 2 bad input.
"""

import argparse
import difflib
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from serving.lifecycle.moves import AlreadyThereError, InvalidMoveError, Lifecycle, LifecycleError, Move
from serving.lifecycle.person import clean, make_client, user
from serving.settings import SettingsError, load

_YES, _NO = ("yes", "true", "1", "on"), ("", "no", "false", "0", "off")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(_lifecycle(options), options))
    except AlreadyThereError as error:
        _say(options, {"done": False, "reason": str(error)}, str(error))
        return 0
    except (InvalidMoveError, SettingsError) as error:
        print(f"lifecycle: {error}", file=sys.stderr)
        return 2
    except LifecycleError as error:
        print(f"lifecycle: {error}", file=sys.stderr)
        return 1


def _lifecycle(options: argparse.Namespace) -> Lifecycle:
    settings = load()
    return Lifecycle(make_client(settings), settings.database_url, actor=clean(options.actor) or user())


def _promote(lifecycle: Lifecycle, options: argparse.Namespace) -> int:
    stage, force = options.to or "Production", _flag(options.force)
    reason = clean(options.reason)
    return _moved(
        options, lifecycle.promote(options.name, options.version, to=stage, reason=reason, force=force)
    )


def _demote(lifecycle: Lifecycle, options: argparse.Namespace) -> int:
    return _moved(options, lifecycle.demote(options.name, options.version, reason=clean(options.reason)))


def _archive(lifecycle: Lifecycle, options: argparse.Namespace) -> int:
    return _moved(options, lifecycle.archive(options.name, options.version, reason=clean(options.reason)))


def _rollback(lifecycle: Lifecycle, options: argparse.Namespace) -> int:
    reason, version = clean(options.reason), options.to_version or None
    return _moved(options, lifecycle.rollback(options.name, to_version=version, reason=reason))


def _history(lifecycle: Lifecycle, options: argparse.Namespace) -> int:
    _look(lifecycle, options.name)
    moves = lifecycle.history(options.name)
    lines = [_line(move) for move in moves] or [_no_moves(lifecycle, options.name)]
    _say(options, [_plain(move) for move in moves], "\n".join(lines))
    return 0


def _no_moves(lifecycle: Lifecycle, name: str) -> str:
    near = difflib.get_close_matches(name, lifecycle.models(), n=1)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    return f"the journal has no move of '{name}'{hint}"


def _production_at(lifecycle: Lifecycle, options: argparse.Namespace) -> int:
    when = _time(options.time)
    _look(lifecycle, options.name)
    version = lifecycle.production_at(options.name, when)
    was = f"version {version}" if version else "no version"
    answer = {"model": options.name, "time": when.isoformat(), "version": version}
    _say(options, answer, f"{was} of '{options.name}' was in Production at {when.isoformat()}")
    return 0


def _verify(lifecycle: Lifecycle, options: argparse.Namespace) -> int:
    broken = lifecycle.verify()
    _say(options, {"intact": broken is None, "reason": broken}, broken or "every entry of the journal holds")
    return 1 if broken else 0


def _look(lifecycle: Lifecycle, name: str) -> None:
    """Take in what moved elsewhere, where MLflow can be reached; the journal is worth reading without it."""
    try:
        lifecycle.observe(name)
    except LifecycleError as error:
        print(f"lifecycle: only what the journal knows so far is shown: {error}", file=sys.stderr)


def _moved(options: argparse.Namespace, move: Move) -> int:
    _say(options, {"done": True, **_plain(move)}, _line(move))
    return 0


def _say(options: argparse.Namespace, answer: object, text: str) -> None:
    print(json.dumps(answer, ensure_ascii=False) if options.json else text)


def _plain(move: Move) -> dict[str, object]:
    return asdict(move) | {"time": move.time.isoformat()}


def _line(move: Move) -> str:
    when = move.time.strftime("%Y-%m-%d %H:%M:%S")
    way = f"{move.from_stage} -> {move.to_stage}"
    said = f": {move.reason}" if move.reason else ""
    return f"{when}Z  {move.model} version {move.version}  {way:<24}  {move.action} by {move.actor}{said}"


def _time(text: str) -> datetime:
    try:
        when = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise InvalidMoveError(f"TIME must be like 2026-07-31T12:00:00Z, not '{text}'") from error
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _flag(text: str) -> bool:
    if text.strip().lower() in (*_YES, *_NO):
        return text.strip().lower() in _YES
    raise InvalidMoveError(f"--force is yes or no, not '{text}'")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m serving.lifecycle", description="Move model versions.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, run: Callable[[Lifecycle, argparse.Namespace], int], explained: str, *places: str
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=explained, description=explained)
        for place in places:
            added.add_argument(place.lower(), metavar=place)
        added.add_argument("--json", action="store_true", help="answer as JSON")
        added.add_argument("--actor", default="", help="who moves, by default $USER")
        added.set_defaults(run=run)
        return added

    promote = command("promote", _promote, "move a version to Production", "NAME", "VERSION")
    promote.add_argument("--to", default="", help="Staging or Production (the default)")
    promote.add_argument("--force", nargs="?", const="yes", default="", help="although its gate failed")
    rollback = command("rollback", _rollback, "go back to the version in Production before", "NAME")
    rollback.add_argument("--to-version", default="", help="to this one that once was in Production")
    demote = command("demote", _demote, "move a version one stage down", "NAME", "VERSION")
    archive = command("archive", _archive, "move a version to Archived", "NAME", "VERSION")
    for moving in (promote, rollback, demote, archive):
        moving.add_argument("--reason", default="", help="why, for the journal")
    command("history", _history, "list a model's moves", "NAME")
    command("production-at", _production_at, "tell the version in Production at a time", "NAME", "TIME")
    command("verify", _verify, "check the journal's chain of hashes")
    return parser


if __name__ == "__main__":
    sys.exit(main())
