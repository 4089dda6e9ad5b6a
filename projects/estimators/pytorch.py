"""PyTorch, which only fitting needs: loaded when asked for, and what is said where it is not installed."""

import importlib
from typing import Any

SENTENCE = (
    "fitting a neural net needs PyTorch, which is not installed; install it with"
    " pip install 'torch>=2.6,<3', or leave out the candidates mlp and lstm"
)


class TorchMissing(ImportError):  # noqa: N818 - the sentence is for a person, not the class
    """PyTorch is not installed; the message says what to do."""


def load_torch() -> Any:
    """Import PyTorch.

    Raises:
        TorchMissing: It is not installed, or its libraries cannot be loaded here.
    """
    try:
        return importlib.import_module("torch")
    except (ImportError, OSError) as error:
        raise TorchMissing(SENTENCE) from error
