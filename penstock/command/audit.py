"""`penstock audit`: who did what; the words behind it are those of `python -m penstock.audit`."""

import click

from penstock.audit.__main__ import main


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}, add_help_option=False
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def audit(words: tuple[str, ...]) -> int:
    """Who did what, and when: verify, list, export."""
    try:
        return main(words or ("list",))
    except SystemExit as ended:  # argparse's way to end with its help, or a usage error
        return ended.code if isinstance(ended.code, int) else 0
