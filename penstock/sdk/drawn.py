"""A figure that is drawn, and written where that is asked for."""

from pathlib import Path
from typing import Any

from projects.errors import BadInput

DPI = 130


def saved(figure: Any, path: str | Path | None) -> Any:
    """Write a figure into a file, whose folder is made if need be; return the figure.

    Args:
        figure: matplotlib's.
        path: The file, whose ending says the format; None writes nothing.

    Raises:
        BadInput: It cannot be written.
    """
    if path is None:
        return figure
    target = Path(path).expanduser()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(target, dpi=DPI)
    except (OSError, ValueError) as error:
        raise BadInput(
            f"the figure cannot be written to '{target}' ({error}); name another file, such as plot.png"
        ) from error
    return figure
