"""`python -m projects.train`: a table becomes a version in the registry.

read -> split once -> compare by cross-validation -> tune the best -> refit -> score on held-out rows
-> log, register, and move on if the gate passes

Exit codes: 0 a version is registered, 2 bad input, 1 a failure of ours. A gate that fails is no failure of
the training: the version is registered and tagged, and stays in no stage.
"""

import sys
from collections.abc import Sequence

from projects.options import parse_options, parser
from projects.shell import run_command
from serving.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one training; return the exit code."""
    asked = parser().parse_args(arguments)

    def work(settings: Settings) -> None:
        options = parse_options(asked)
        from projects.training import train

        train(options, settings)

    return run_command(work)


if __name__ == "__main__":
    sys.exit(main())
