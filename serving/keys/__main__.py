"""`python -m serving.keys`: makes, lists, revokes and rotates API keys.

Optional values may be empty texts, which is how an MLproject passes what was not given. Exit codes: 0 done,
1 failed, 2 bad input.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from serving.keys.errors import InvalidKeyError
from serving.keys.key import OPENS, Key, Wanted
from serving.keys.store import KeyStore, Made
from serving.lifecycle.database import Database
from serving.lifecycle.errors import LifecycleError
from serving.settings import SettingsError, load

DAY_S = 86_400.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    options = _parser().parse_args(arguments)
    try:
        options.run(KeyStore(Database(load().database_url), now=_now), options)
    except (InvalidKeyError, SettingsError) as error:
        print(f"keys: {error}", file=sys.stderr)
        return 2
    except LifecycleError as error:
        print(f"keys: {error}", file=sys.stderr)
        return 1
    return 0


def _now() -> datetime:
    return datetime.now(UTC)


def _make(store: KeyStore, options: argparse.Namespace) -> None:
    wanted = Wanted(
        name=options.name,
        owner=options.owner,
        project=options.project,
        models=_words(options.models) or ("*",),
        actions=_words(options.actions) or ("predict", "feedback"),
        rate_per_s=_number("--rate", options.rate),
        burst=_number("--burst", options.burst),
        expires_at=_expiry(options.days),
    )
    _say_made(options, store.make(wanted))


def _rotate(store: KeyStore, options: argparse.Namespace) -> None:
    keep_s = _number("--keep", options.keep)
    if keep_s is not None and not 0 <= keep_s < float("inf"):
        raise InvalidKeyError(f"--keep must be seconds, 0 or more, not '{options.keep}'")
    _say_made(options, store.rotate(options.id, keep_s=DAY_S if keep_s is None else keep_s))


def _revoke(store: KeyStore, options: argparse.Namespace) -> None:
    key = store.revoke(options.id)
    _say(
        options, _plain(key), f"key {key.key_id} ({key.name}) is revoked; gateways refuse it within 2 seconds"
    )


def _list(store: KeyStore, options: argparse.Namespace) -> None:
    keys, now = store.listed(), _now()
    lines = [_line(key, now) for key in keys] or [
        "there are no keys; 'python -m serving.keys make NAME' makes one"
    ]
    _say(options, [_plain(key) for key in keys], "\n".join(lines))


def _say_made(options: argparse.Namespace, made: Made) -> None:
    told = f"{made.text}\nThis is key {made.key.key_id} ({made.key.name}). It is shown only this once."
    _say(options, _plain(made.key) | {"key": made.text}, told)


def _say(options: argparse.Namespace, answer: object, text: str) -> None:
    print(json.dumps(answer, ensure_ascii=False) if options.json else text)


def _plain(key: Key) -> dict[str, object]:
    names = [name for name in Key.__dataclass_fields__ if name != "digest"]
    values = {name: getattr(key, name) for name in names}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()
    }


def _line(key: Key, now: datetime) -> str:
    used = f"{key.used_at:%Y-%m-%d %H:%M}Z" if key.used_at else "never"
    rate = f"{key.rate_per_s:g}/s" if key.rate_per_s else "no limit"
    what = f"{','.join(key.actions)} on {','.join(key.models)}"
    return f"{key.key_id}  {key.name}  {_state(key, now)}  {what}  {rate}  last used {used}"


def _state(key: Key, now: datetime) -> str:
    if key.revoked_at:
        return f"revoked {key.revoked_at:%Y-%m-%d}"
    if key.expires_at is None:
        return "holds"
    return f"{'expired' if key.expires_at <= now else 'until'} {key.expires_at:%Y-%m-%d %H:%M}Z"


def _expiry(days: str) -> datetime | None:
    count = _number("--days", days)
    if count is None:
        return None
    try:
        if count <= 0:
            raise ValueError
        return _now() + timedelta(days=count)
    except (ValueError, OverflowError) as error:
        raise InvalidKeyError(f"--days must be a number of days above zero, not '{days}'") from error


def _number(option: str, text: str) -> float | None:
    if not text.strip():
        return None
    try:
        return float(text)
    except ValueError as error:
        raise InvalidKeyError(f"{option} must be a number, not '{text}'") from error


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m serving.keys", description="Manage the gateway's API keys."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, run: Callable[[KeyStore, argparse.Namespace], None], explained: str
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=explained, description=explained)
        added.add_argument("--json", action="store_true", help="answer as JSON")
        added.set_defaults(run=run)
        return added

    make = command("make", _make, "make a key and show it, once")
    make.add_argument("name", metavar="NAME", help="what people call it by")
    make.add_argument(
        "--models", default="", help="names or patterns, such as 'churn,fraud-*'; by default all"
    )
    told = "; ".join(f"{action}: {what}" for action, what in OPENS.items())
    make.add_argument("--actions", default="", help=f"by default predict,feedback, among {told}")
    make.add_argument("--rate", default="", help="requests a second, over all workers; by default no limit")
    make.add_argument("--burst", default="", help="requests at once; by default a second's")
    make.add_argument("--days", default="", help="for how many days it holds; by default until revoked")
    make.add_argument("--owner", default="", help="the user it is for")
    make.add_argument("--project", default="", help="the project it is for")
    command("list", _list, "list all keys, without their secrets")
    revoke = command("revoke", _revoke, "end a key")
    rotate = command("rotate", _rotate, "make a key like another one, which ends after a while")
    for one in (revoke, rotate):
        one.add_argument("id", metavar="ID", help="the 12 digits after 'penstock_'")
    rotate.add_argument(
        "--keep", default="", help="seconds for which the old key still holds; by default a day's"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
