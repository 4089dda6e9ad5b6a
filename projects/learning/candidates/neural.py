"""What the neural nets share: they need PyTorch to fit, and stop by rows that they set aside themselves."""

import importlib.util

SENTENCE = "it needs PyTorch, which is not installed; pip install 'torch>=2.6,<3'"


def without_torch() -> str | None:
    """Say that PyTorch is not installed, or None."""
    return None if importlib.util.find_spec("torch") else SENTENCE
