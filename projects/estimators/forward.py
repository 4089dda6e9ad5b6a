"""What a fitted net computes, in numpy and float64: the formulas that anything serving it must repeat.

The standardisation of the inputs, and of a regression's target, is folded into the weights when fitting ends:
a net takes its columns as they come and answers in the target's own unit.

- Feed-forward: `h = X`; for every layer but the last `h = act(h @ weights_[l] + biases_[l])`; then
  `z = h @ weights_[-1] + biases_[-1]`.
- LSTM (Hochreiter and Schmidhuber 1997, with forget gates): `h = c = 0`; for each step `t`, oldest first,
  `a = X[:, steps_[t]] @ input_weights_[t] + input_biases_[t] + h @ recurrent_weights_`, cut into four equal
  parts in the order of PyTorch: input `i`, forget `f`, cell `g`, output `o`; then
  `c = sigmoid(f) * c + sigmoid(i) * tanh(g)` and `h = sigmoid(o) * tanh(c)`. The last `h` goes through the
  feed-forward layers `weights_` and `biases_`.
- `act` is `activation`: `relu` is `max(x, 0)`, or `tanh`. `sigmoid(x)` is `0.5 + 0.5 * tanh(x / 2)`, which
  cannot overflow.
- `output_`: `identity` answers `z[:, 0]`; `sigmoid` has one column, the second class's probability is
  `p = sigmoid(z[:, 0])` and the first's `1 - p`; `softmax` is `e / e.sum(axis=1)` with
  `e = exp(z - z.max(axis=1))`. The label is that of the largest probability, the first of equals.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
ACTIVATIONS = ("relu", "tanh")
ROWS_AT_ONCE = 8192
"""Rows whose layers are held at a time: a million rows need no more memory than these."""


def through_layers(
    matrix: Values, weights: Sequence[Values], biases: Sequence[Values], activation: str
) -> Values:
    """Push rows through dense layers; the last one has no activation."""
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        sums = matrix @ weight + bias
        matrix = np.maximum(sums, 0.0) if activation == "relu" else np.tanh(sums)
    return matrix @ weights[-1] + biases[-1]


def through_lstm(
    matrix: Values, steps: NDArray[np.intp], weights: Values, biases: Values, recurrent: Values
) -> Values:
    """Read the steps of each row, oldest first; return the last hidden state, of shape (rows, size).

    Args:
        matrix: Rows.
        steps: The columns that each step reads, of shape (steps, columns a step).
        weights: Of shape (steps, columns a step, 4 * size).
        biases: Of shape (steps, 4 * size).
        recurrent: Of shape (size, 4 * size).
    """
    size = recurrent.shape[0]
    hidden = np.zeros((len(matrix), size))
    cell = np.zeros((len(matrix), size))
    for step, weight, bias in zip(steps, weights, biases, strict=True):
        gates = matrix[:, step] @ weight + bias + hidden @ recurrent
        into, keep, out = (sigmoid(gates[:, at * size : (at + 1) * size]) for at in (0, 1, 3))
        cell = keep * cell + into * np.tanh(gates[:, 2 * size : 3 * size])
        hidden = out * np.tanh(cell)
    return hidden


def sigmoid(values: Values) -> Values:
    """Squash into (0, 1) without overflow."""
    return 0.5 + 0.5 * np.tanh(0.5 * values)


def probabilities(scores: Values, output: str) -> Values:
    """Turn a net's scores into one probability a class."""
    if output == "sigmoid":
        second = sigmoid(scores[:, :1])
        return np.hstack([1.0 - second, second])
    exponents = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Values = exponents / exponents.sum(axis=1, keepdims=True)
    return shares
