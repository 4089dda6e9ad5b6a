"""`python -m serving.routes`: shows, checks, sets and clears routes, and leads canaries.

A route is checked against the registry before it is written; an invalid one is refused with a sentence for
each fault, and nothing is written. Exit codes: 0 done or nothing to do, 1 failed, 2 bad input.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from serving.lifecycle.canary.canary import CHALLENGER, Canary
from serving.lifecycle.canary.gateways import metrics_address, read_all
from serving.lifecycle.canary.ledger import Outcome
from serving.lifecycle.errors import AlreadyThereError, InvalidMoveError, LifecycleError
from serving.lifecycle.person import clean, make_client, user
from serving.lifecycle.routes import Checked, InvalidRouteError, Routes, unknown_route
from serving.routes import flags, show
from serving.settings import Settings, SettingsError, load


@dataclass(frozen=True, slots=True)
class Tools:
    """What the commands work with."""

    settings: Settings
    routes: Routes
    client: Any
    actor: str

    def canary(self, addresses: Sequence[str] = (), key_file: str = "") -> Canary:
        """What leads canaries by the counts of these gateways; without any, by this machine's."""
        chosen = list(addresses) or [metrics_address(self.settings)]
        database, read = self.settings.database_url, partial(read_all, self.settings, chosen, _key(key_file))
        return Canary(self.client, database, read, actor=self.actor)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(_tools(options), options))
    except AlreadyThereError as error:
        _say(options, {"done": False, "reason": str(error)}, str(error))
        return 0
    except InvalidRouteError as error:
        if options.json:
            print(json.dumps({"done": False, "problems": error.problems}, ensure_ascii=False))
        for problem in error.problems:
            print(f"routes: {problem}", file=sys.stderr)
        return 2
    except (LifecycleError, SettingsError) as error:
        if options.json:
            print(json.dumps({"done": False, "reason": str(error)}, ensure_ascii=False))
        print(f"routes: {error}", file=sys.stderr)
        return 2 if isinstance(error, InvalidMoveError | SettingsError) else 1


def _tools(options: argparse.Namespace) -> Tools:
    settings = load()
    client, actor = make_client(settings), clean(options.actor) or user()
    return Tools(settings, Routes(client, settings.database_url, actor=actor), client, actor)


def _show(tools: Tools, options: argparse.Namespace) -> int:
    models = tools.routes.models()
    canary = tools.canary()
    found = show.tables(models, canary.state)
    if options.name is not None:
        found = [table for table in found if table["name"] == options.name]
        if not found:
            raise InvalidMoveError(unknown_route(options.name, models))
    text = "\n".join(line for table in found for line in show.lines(table))
    _say(options, {"routes": found}, text or "the registry is empty, so train a model first")
    return 0


def _set(tools: Tools, options: argparse.Namespace) -> int:
    name, text = _wanted(tools, options)
    checked = tools.routes.set(name, text, model=options.model, reason=clean(options.reason))
    return _told(options, checked, done=True)


def _check(tools: Tools, options: argparse.Namespace) -> int:
    name, text = _wanted(tools, options)
    return _told(options, tools.routes.check(name, text, model=options.model), done=False)


def _clear(tools: Tools, options: argparse.Namespace) -> int:
    change = tools.routes.clear(options.name, reason=clean(options.reason))
    answer = {"done": True, "route": change.route, "model": change.model, "before": change.before}
    _say(options, answer, f"the route '{change.route}' is cleared; it was {change.before}")
    return 0


def _history(tools: Tools, options: argparse.Namespace) -> int:
    changes = tools.routes.history(options.name)
    lines = [
        f"{change.time:%Y-%m-%d %H:%M:%S}Z  {change.action} by {change.actor}: {change.reason}\n"
        f"    {change.before} -> {change.after}"
        for change in changes
    ]
    plain = [asdict(change) | {"time": change.time.isoformat()} for change in changes]
    _say(options, plain, "\n".join(lines) or f"the journal has no change of route '{options.name}'")
    return 0


def _verify(tools: Tools, options: argparse.Namespace) -> int:
    broken = tools.routes.verify()
    _say(options, {"intact": broken is None, "reason": broken}, broken or "every entry of the journal holds")
    return 1 if broken else 0


def _canary(tools: Tools, options: argparse.Namespace) -> int:
    canary, name = tools.canary(options.metrics, options.key_file), options.name
    reason = clean(options.reason)
    deeds: dict[str, Callable[[], Outcome]] = {
        "start": lambda: canary.start(name, variant=options.variant, reason=reason),
        "step": lambda: canary.step(name),
        "hold": lambda: canary.hold(name, reason=reason),
        "back": lambda: canary.back(name, reason=reason),
        "status": lambda: canary.status(name),
    }
    outcome = deeds[options.deed]()
    state = outcome.state
    answer = {
        "done": outcome.action not in ("status", "hold") or options.deed == "hold",
        "action": outcome.action,
        "route": name,
        "percent": state.percent,
        "phase": state.phase,
        "since": state.since.isoformat(),
        "champion": state.champion.version,
        "challenger": state.challenger.version,
        "reasons": outcome.reasons,
        "todo": outcome.todo,
    }
    lines = [f"canary of '{name}': {outcome.action}, {state.phase} at {state.percent:g} %"]
    lines += [f"  {sentence}" for sentence in (*outcome.reasons, outcome.todo) if sentence]
    _say(options, answer, "\n".join(lines))
    return 0


def _key(file: str) -> str:
    if not file:
        return ""
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidMoveError(f"--key-file must be a file with an API key: {error}") from error


def _wanted(tools: Tools, options: argparse.Namespace) -> tuple[str, str]:
    """The name and the text that are asked for."""
    name = options.route or options.name or options.model
    if name is None:
        raise InvalidMoveError("name the route: NAME, or --model MODEL --route NAME")
    if options.route and options.name and options.text is None and not options.variant:
        options.text = options.name
    if (options.text is None) == (not options.variant):
        raise InvalidMoveError("give the route's JSON, or at least one --variant, and not both")
    if options.text is not None:
        if options.shadow or options.salt is not None:
            raise InvalidMoveError("--shadow and --salt go with --variant; write them into the JSON")
        return name, options.text
    models = tools.routes.models(())
    before = next((model.route_tags[name] for model in models.values() if name in model.route_tags), None)
    return name, flags.route_text(options.variant, options.shadow, salt=options.salt, before=before)


def _told(options: argparse.Namespace, checked: Checked, *, done: bool) -> int:
    answer = {
        "done": done,
        "valid": True,
        "route": checked.route.name,
        "model": checked.model,
        "text": checked.text,
        "before": checked.before,
        "remarks": checked.remarks,
    }
    what = "is set" if done else "may be set"
    lines = [f"the route '{checked.route.name}' of model '{checked.model}' {what}: {checked.text}"]
    _say(options, answer, "\n".join([*lines, *(f"  note: {remark}" for remark in checked.remarks)]))
    return 0


def _say(options: argparse.Namespace, answer: object, text: str) -> None:
    print(json.dumps(answer, ensure_ascii=False) if options.json else text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m serving.routes", description="Show and set routes.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, run: Callable[[Tools, argparse.Namespace], int], explained: str
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=explained, description=explained)
        added.add_argument("--json", action="store_true", help="answer as JSON")
        added.add_argument("--actor", default="", help="who changes, by default $USER")
        added.set_defaults(run=run)
        return added

    shown = command("show", _show, "list routes: variants, versions, shadows, problems, canaries")
    shown.add_argument("name", metavar="NAME", nargs="?")
    for name, run, explained in (
        ("set", _set, "check a route against the registry, and set it"),
        ("check", _check, "check a route without setting it"),
    ):
        setting = command(name, run, explained)
        setting.add_argument("name", metavar="NAME", nargs="?", help="what the route is called by")
        setting.add_argument("text", metavar="JSON", nargs="?", help="the route")
        setting.add_argument(
            "--variant", action="append", default=[], metavar="FORM", help=_help(flags.VARIANT_FORM)
        )
        setting.add_argument(
            "--shadow", action="append", default=[], metavar="FORM", help=_help(flags.SHADOW_FORM)
        )
        setting.add_argument("--salt", help="what users are dealt out by; by default as before")
        setting.add_argument("--model", help="the registered model that carries a route of its own name")
        setting.add_argument("--route", metavar="NAME", help="the same as NAME")
        setting.add_argument("--reason", default="", help="why, for the journal")
    cleared = command("clear", _clear, "take a route away: a model then answers with its Production")
    cleared.add_argument("name", metavar="NAME")
    cleared.add_argument("--reason", default="", help="why, for the journal")
    command("history", _history, "list a route's changes").add_argument("name", metavar="NAME")
    command("verify", _verify, "check the chain of hashes of the routes' journal")
    canary = command("canary", _canary, "lead a challenger to its share by the policy's steps")
    canary.add_argument("name", metavar="NAME")
    canary.add_argument("deed", choices=("start", "step", "hold", "back", "status"))
    canary.add_argument("--variant", default=CHALLENGER, help="the challenger's name, for start")
    canary.add_argument("--reason", default="", help="why, for the journal")
    canary.add_argument(
        "--metrics",
        action="append",
        default=[],
        metavar="URL",
        help="a gateway's /metrics; once for each gateway, by default this machine's",
    )
    canary.add_argument("--key-file", default="", metavar="FILE", help="an API key, where /metrics wants one")
    return parser


def _help(form: str) -> str:
    return form.replace("%", "%%")


if __name__ == "__main__":
    sys.exit(main())
