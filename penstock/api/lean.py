"""MLflow without data frames: its client as its skinny distribution has it, in half of the memory."""

import sys

HEAVY = ("matplotlib", "numpy", "pandas", "pyarrow", "scipy", "sklearn")
"""What MLflow imports where it is installed, and does without where it is not (`mlflow-skinny`)."""


def import_lean_mlflow() -> None:
    """Import MLflow as if the heavy libraries were not installed; they can be imported afterwards.

    The process uses MLflow's client alone, which needs none of them; whole, the import takes 125 MB more.
    """
    hidden = [name for name in HEAVY if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        import mlflow  # noqa: F401
    finally:
        for name in hidden:
            del sys.modules[name]
