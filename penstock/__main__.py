"""`penstock COMMAND`, or `python -m penstock COMMAND`: the platform from a terminal."""

import sys

from penstock.command.shell import run


def main() -> int:
    """Run one command; the exit code is 0 for done, 1 for a failure of ours, 2 for bad input."""
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
