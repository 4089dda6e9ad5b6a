"""`penstock completion`: what makes a shell complete commands, options and models' names."""

import click
from click.shell_completion import get_completion_class

VARIABLE = "_PENSTOCK_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the lines that switch completion on.

    In bash: eval "$(penstock completion bash)"; for good, in ~/.bashrc.
    """
    from penstock.command.shell import penstock

    found = get_completion_class(shell)
    if found is None:
        raise click.ClickException(f"there is no completion for {shell}")
    click.echo(found(penstock, {}, "penstock", VARIABLE).source())
