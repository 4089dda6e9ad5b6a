"""`python run.py MODULE ARGUMENT...` in a Kubernetes job: a module with its arguments as they were meant.

MLflow quotes each word of an entry point's command for a shell, and Kubernetes starts it without one, so the
quotes would be part of the arguments: an empty parameter would be two quotation marks.
"""

import os
import shlex
import sys


def meant(words: list[str]) -> list[str]:
    """Return words without the quotes that a shell would have taken away.

    >>> meant(["projects", "main", "--gate", "'AUC > 0.8'", "--name", "''"])
    ['projects', 'main', '--gate', 'AUC > 0.8', '--name', '']
    """
    return shlex.split(" ".join(words))


if __name__ == "__main__":
    words = [sys.executable, "-m", *meant(sys.argv[1:])]
    os.execv(sys.executable, words)  # noqa: S606 - a shell is what is missing
