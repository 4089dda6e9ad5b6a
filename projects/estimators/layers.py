"""Dense layers: built in PyTorch, taken out as arrays."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from projects.estimators.forward import ACTIVATIONS, Values


def dense(torch: Any, sizes: Sequence[int], activation: str, dropout: float) -> Any:
    """Build layers from one size to the next, with activation and dropout between them.

    Raises:
        ValueError: There is no such activation.
    """
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation must be {' or '.join(ACTIVATIONS)}, not {activation!r}")
    between = torch.nn.ReLU if activation == "relu" else torch.nn.Tanh
    parts = [torch.nn.Linear(sizes[0], sizes[1])]
    for size, following in itertools.pairwise(sizes[1:]):
        parts += [between(), torch.nn.Dropout(dropout), torch.nn.Linear(size, following)]
    return torch.nn.Sequential(*parts)


def arrays_of(layers: Any) -> tuple[list[Values], list[Values]]:
    """Return the weights, each of shape (inputs, outputs), and the biases of fitted layers."""
    linear = [layer for layer in layers if hasattr(layer, "weight")]
    weights = [array_of(layer.weight).T.copy() for layer in linear]
    return weights, [array_of(layer.bias) for layer in linear]


def array_of(tensor: Any) -> Values:
    """Copy a tensor of the CPU into numpy."""
    return np.array(tensor.detach().numpy(), dtype=np.float64)
