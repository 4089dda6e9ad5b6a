"""The group of commands: read when they are asked for, and one way for all to fail."""

from collections.abc import Sequence
from importlib import import_module

import click
import orjson

from penstock.command.names import PLACES, nearest
from penstock.problems import BadRequest, Problem
from serving.settings import SettingsError

_ROOM = "penstock.command"
DONE, OURS, BAD_INPUT, STOPPED = 0, 1, 2, 130


class Commands(click.Group):
    """Fetches a command's module when the command is used, so that each starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own signature
        """Every command, in the order of the table."""
        return list(PLACES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """A command, or None."""
        if cmd_name not in PLACES:
            return None
        found: click.Command = getattr(import_module(f"{_ROOM}.{PLACES[cmd_name][0]}"), cmd_name)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is named first; a strange one with the nearest name.

        Raises:
            click.UsageError: There is none.
        """
        if args and args[0] not in PLACES and not args[0].startswith("-"):
            raise click.UsageError(f"there is no command '{args[0]}'; {nearest(args[0])}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands with their sentences."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, sentence) for name, (_, sentence) in PLACES.items()])


@click.group(
    cls=Commands,
    epilog="Each has its own --help, and --json for programs. The MLflow server, folders and ports are those "
    "of penstock.toml and of the PENSTOCK_ variables.",
)
def penstock() -> None:
    """From messy data to a monitored, A/B-tested prediction service."""


def run(words: Sequence[str]) -> int:
    """Run one command line; give its exit code."""
    is_json = "--json" in words
    try:
        code = penstock.main(list(words), prog_name="penstock", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return DONE
    except (click.ClickException, Problem, SettingsError) as error:
        return _failed(error, is_json=is_json)
    except (click.Abort, KeyboardInterrupt):
        click.echo("penstock: stopped", err=True)
        return STOPPED
    return code if isinstance(code, int) else DONE


def _failed(error: Exception, *, is_json: bool) -> int:
    """Say why; the exit code is 1 where it is ours, as when MLflow is away, and else 2."""
    if isinstance(error, Problem):
        told = error.as_data()
    else:
        sentence = error.format_message() if isinstance(error, click.ClickException) else str(error)
        told = BadRequest(sentence).as_data()
    if is_json:
        click.echo(orjson.dumps(told).decode())
    click.echo(f"penstock: {told['error']['message']}", err=True)  # type: ignore[index]
    return OURS if isinstance(error, Problem) and error.status >= 500 else BAD_INPUT
