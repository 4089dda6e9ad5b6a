"""What commands share: the desk, the person at the terminal, `--json`, and models' names for completion."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, is_dataclass, replace
from typing import Any, TypeVar

import click
import orjson
from click.shell_completion import CompletionItem

from penstock.desk import Desk
from penstock.people.person import Person
from serving.callers.administrator import act_as_administrator
from serving.settings import SettingsError, load

Command = TypeVar("Command", bound=Callable[..., Any])


def desk() -> Desk:
    """This machine's desk.

    Raises:
        SettingsError: The settings cannot be used.
    """
    settings = load()
    local = settings.var_dir / "mlflow_admin"  # the local stack's own
    if settings.auth != "off" and not settings.mlflow_admin_file and local.exists():
        settings = replace(settings, mlflow_admin_file=str(local))
    act_as_administrator(settings)
    here = Desk(settings)
    click.get_current_context().call_on_close(here.trail.close)
    return here


def operator() -> Person:
    """Whoever runs the command: who may read the settings and the database may do everything."""
    from serving.lifecycle.person import clean, user

    return Person(clean(user()), is_admin=True)


def as_json(command: Command) -> Command:
    """Give a command the switch `--json`."""
    return click.option("--json", "is_json", is_flag=True, help="Answer as JSON.")(command)


def tell(found: object, lines: Iterable[str], *, is_json: bool) -> None:
    """Print what was found: as JSON for a program, as lines for a person."""
    if is_json:
        click.echo(orjson.dumps(plain(found), option=orjson.OPT_NON_STR_KEYS, default=str).decode())
        return
    for line in lines:
        click.echo(line)


def plain(found: Any) -> Any:
    """What JSON can hold of values and lists of values."""
    if is_dataclass(found) and not isinstance(found, type):
        return asdict(found)
    return [plain(each) for each in found] if isinstance(found, list | tuple) else found


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Rows under their heads, each column as wide as its widest cell."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[at]) for row in [list(head), *cells]) for at in range(len(head))]
    shown = [list(head), *cells]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in shown
    ]


class ModelName(click.ParamType[str]):
    """A registered model's name; completed from what the gateway has last seen of the registry."""

    name = "model"

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's own signature
        param: click.Parameter,  # noqa: ARG002
        incomplete: str,
    ) -> "list[CompletionItem]":
        """The names that begin so; none where no gateway has run."""
        return [CompletionItem(name) for name in _seen_names() if name.startswith(incomplete)]


MODEL = ModelName()


def _seen_names() -> list[str]:
    try:
        path = load().gateway_dir / "registry.json"
        return sorted(orjson.loads(path.read_bytes())["stages"])
    except (OSError, SettingsError, ValueError, KeyError, TypeError):
        return []
