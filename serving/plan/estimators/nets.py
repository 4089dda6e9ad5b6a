"""Neural nets in numpy: dense layers, and an LSTM before them.

Multi-layer perceptrons of scikit-learn, and nets whose fitted arrays have the same meaning: `weights_` of
shape (inputs, outputs) a layer, `biases_`, and for an LSTM `steps_`, `input_weights_`, `input_biases_` and
`recurrent_weights_`, with the gates in the order input, forget, cell, output (Hochreiter, Schmidhuber 1997).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from serving.plan.arrays import Arrays, Content, pack
from serving.plan.estimator import (
    Entry,
    Indices,
    Matrix,
    Shape,
    Values,
    both_sides,
    sigmoid,
    softmax,
)
from serving.plan.estimators.written import Written
from serving.plan.model import PlanBroken, PlanUnsupported

ROWS_AT_ONCE = 8192
MOST_LAYERS = 1000


def _relu(values: Matrix) -> Matrix:
    positive: Matrix = np.maximum(values, 0.0)
    return positive


def _even_sigmoid(values: Matrix) -> Matrix:
    """The sigmoid by the hyperbolic tangent, which cannot overflow."""
    return 0.5 + 0.5 * np.tanh(0.5 * values)


ACTIVATIONS: dict[str, Callable[[Matrix], Matrix]] = {
    "relu": _relu,
    "tanh": np.tanh,
    "logistic": sigmoid,
    "identity": lambda values: values,
}
OUTPUTS: dict[str, Callable[[Matrix], Matrix]] = {
    "logistic": sigmoid,
    "sigmoid": _even_sigmoid,
    "softmax": softmax,
    "identity": lambda values: values,
}


@dataclass(frozen=True, slots=True)
class Memory:
    """An LSTM: what it reads at each step, and its weights.

    Attributes:
        steps: The columns of each step, oldest first; shape (steps, columns a step).
        weights: Shape (steps, columns a step, 4 * size).
        biases: Shape (steps, 4 * size).
        recurrent: Shape (size, 4 * size).
    """

    steps: Indices
    weights: Matrix
    biases: Matrix
    recurrent: Matrix

    def read(self, matrix: Matrix) -> Matrix:
        """The last hidden state; shape (rows, size)."""
        size = len(self.recurrent)
        hidden = np.zeros((len(matrix), size))
        cell = np.zeros((len(matrix), size))
        for step, weight, bias in zip(self.steps, self.weights, self.biases, strict=True):
            gates = matrix[:, step] @ weight + bias + hidden @ self.recurrent
            into, keep, out = (_even_sigmoid(gates[:, at * size : (at + 1) * size]) for at in (0, 1, 3))
            cell = keep * cell + into * np.tanh(gates[:, 2 * size : 3 * size])
            hidden = out * np.tanh(cell)
        return hidden


class Net:
    """Answers from the last layer.

    Args:
        layers: Weights and biases.
        activation: After every layer but the last.
        output: What the last layer's sums become.
        memory: An LSTM whose state the layers take; None where they take the matrix.
    """

    def __init__(
        self, layers: Sequence[tuple[Matrix, Matrix]], activation: str, output: str, memory: Memory | None
    ) -> None:
        self._layers, self._memory = layers, memory
        self._activate, self._finish = ACTIVATIONS[activation], OUTPUTS[output]

    def classify(self, matrix: Matrix) -> tuple[Indices, Values]:
        """The output layer's probabilities; the label is the likeliest, the first of equals."""
        answers = self._answers(matrix)
        probabilities = both_sides(answers[:, 0]) if answers.shape[1] == 1 else answers
        return probabilities.argmax(axis=1), probabilities

    def estimate(self, matrix: Matrix) -> Values:
        """The one output."""
        return self._answers(matrix)[:, 0]

    def _answers(self, matrix: Matrix) -> Matrix:
        starts = range(0, len(matrix), ROWS_AT_ONCE)
        parts = [self._through(matrix[start : start + ROWS_AT_ONCE]) for start in starts]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _through(self, values: Matrix) -> Matrix:
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            if self._memory is not None:
                values = self._memory.read(values)
            for weights, biases in self._layers[:-1]:
                values = self._activate(values @ weights + biases)
            weights, biases = self._layers[-1]
            return self._finish(values @ weights + biases)


def write_perceptron(model: Any) -> Written:
    """Write a fitted MLPClassifier or MLPRegressor.

    Raises:
        PlanUnsupported: It answers several targets at once.
    """
    outputs = 1 if not hasattr(model, "classes_") or len(model.classes_) == 2 else len(model.classes_)
    if model.n_outputs_ != outputs:
        raise PlanUnsupported("a net for several targets at once cannot be a plan")
    return _written(model.coefs_, model.intercepts_, model.activation, model.out_activation_, {})


def write_feed_forward(model: Any) -> Written:
    """Write a fitted FeedForward net."""
    return _written(model.weights_, model.biases_, model.activation, model.output_, {})


def write_sequence(model: Any) -> Written:
    """Write a fitted Sequence net: an LSTM and dense layers."""
    memory = {
        "steps": np.asarray(model.steps_, dtype=np.int64),
        "input_weights": model.input_weights_,
        "input_biases": model.input_biases_,
        "recurrent": model.recurrent_weights_,
    }
    return _written(model.weights_, model.biases_, model.activation, model.output_, memory)


def _written(weights: Any, biases: Any, activation: str, output: str, memory: Entry) -> Written:
    layers = {f"weights_{at}": np.asarray(layer, dtype=np.float64) for at, layer in enumerate(weights)}
    shifts = {f"biases_{at}": np.asarray(layer, dtype=np.float64) for at, layer in enumerate(biases)}
    options = {
        "layers": len(layers),
        "activation": activation,
        "output": output,
        "has_memory": bool(memory),
    }
    return Written(pack(**layers, **shifts, **memory), options)


def load(content: Content, options: Entry, shape: Shape) -> Net:
    """Read what `write` wrote."""
    arrays = Arrays(content)
    memory = _memory(arrays, shape.matrix_width) if options["has_memory"] is True else None
    width = shape.matrix_width if memory is None else len(memory.recurrent)
    layers = []
    if not 1 <= int(options["layers"]) <= MOST_LAYERS:
        raise PlanBroken(f"a net must have 1 to {MOST_LAYERS} layers")
    for at in range(int(options["layers"])):
        weights = arrays.floats(f"weights_{at}", width, None)
        width = weights.shape[1]
        layers.append((weights, arrays.floats(f"biases_{at}", width)))
    outputs = (1,) if shape.classes == 0 else (1, 2) if shape.classes == 2 else (shape.classes,)
    if width not in outputs:
        raise PlanBroken(f"a net for {shape.classes} classes cannot have {width} outputs")
    return Net(layers, options["activation"], options["output"], memory)


def _memory(arrays: Arrays, width: int) -> Memory:
    recurrent = arrays.floats("recurrent", None, None)
    if recurrent.shape[1] != 4 * recurrent.shape[0]:
        raise PlanBroken(f"an LSTM's weights must be four times as wide as high, not {recurrent.shape}")
    steps = arrays.integers("steps", None, None, low=0, high=width)
    gates = recurrent.shape[1]
    return Memory(
        steps=steps,
        weights=arrays.floats("input_weights", *steps.shape, gates),
        biases=arrays.floats("input_biases", len(steps), gates),
        recurrent=recurrent,
    )
