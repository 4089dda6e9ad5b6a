"""LSTMs: nets that read a row step by step, for a class or a number.

A row is answered from its own columns alone, so what an LSTM reads is one of two things:

- **Windows.** Where columns are called `NAME_lag_1`, `NAME_lag_2` ... (`projects.estimators.windows` makes
  them from a time column), each step is one time, oldest first: every series' value then, and all other
  columns repeated. The names come from a DataFrame (`set_output(transform="pandas")` on what prepares the
  columns), or the places from `steps`.
- **The columns as a sequence**, where there are no such names: one column a step from first to last, several
  a step above `max_steps`. Each step has input weights of its own, as each column means something else.

`reads_` says in words which of the two it was.

Fitted attributes, which are all that a served net needs; `projects.estimators.forward` says how they answer:

- `steps_`: whole numbers of shape (steps, columns a step): the columns' places that each step reads. A place
  that stands for nothing is 0 and has weights of 0.
- `input_weights_`: float64 of shape (steps, columns a step, 4 * hidden_size), `input_biases_` of shape
  (steps, 4 * hidden_size), `recurrent_weights_` of shape (hidden_size, 4 * hidden_size). The four gates stand
  in the order input, forget, cell, output. The standardisation is folded into them.
- `weights_`, `biases_`, `activation`, `output_`, `classes_` and the rest as in
  `projects.estimators.feed_forward`, for the dense layers that the last hidden state goes through.
"""

from collections.abc import Sequence as Places
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projects.estimators.descent import OnEpoch
from projects.estimators.forward import Values, through_layers, through_lstm
from projects.estimators.layers import array_of, arrays_of
from projects.estimators.lstm import build_lstm
from projects.estimators.network import Classifying, Network, Regressing
from projects.estimators.scaling import Scaling
from projects.estimators.windows import NOTHING, steps_in_order, steps_of


class Sequence(Network):
    """An LSTM and dense layers of the same width behind it.

    Args:
        hidden_size: Units of the LSTM and of the layer behind it.
        steps: The columns' places that each step reads, oldest first; None finds them (see the module).
        max_steps: The most steps where the columns are read as a sequence.
        activation: `relu` or `tanh`, behind the LSTM.
        dropout: The share of hidden units left out at each step of fitting.
        learning_rate: AdamW's first.
        weight_decay: AdamW's.
        batch_size: Rows a step; None is a hundredth of the rows, from 32 to 512.
        max_epochs: The most epochs.
        early_stopping: Whether rows are set aside to decide when to stop.
        validation_share: Their share.
        patience: Epochs without a better loss on them before fitting ends.
        max_seconds: A limit to fitting; with it the same seed may give another net.
        device: PyTorch's name of one, or `auto` for CUDA where PyTorch sees it.
        n_jobs: Threads of fitting; None leaves PyTorch's own number.
        on_epoch: Called with epoch, learning loss and validation loss after each epoch; if it returns True
            fitting ends, if it raises fitting is abandoned. Handed on by `clone`, left behind by a pickle.
        random_state: The same one gives the same net on the same machine.
    """

    def __init__(
        self,
        *,
        hidden_size: int = 32,
        steps: Places[Places[int]] | None = None,
        max_steps: int = 32,
        activation: str = "relu",
        dropout: float = 0.1,
        learning_rate: float = 5e-3,
        weight_decay: float = 1e-2,
        batch_size: int | None = None,
        max_epochs: int = 100,
        early_stopping: bool = True,
        validation_share: float = 0.1,
        patience: int = 10,
        max_seconds: float | None = None,
        device: str = "auto",
        n_jobs: int | None = 1,
        on_epoch: OnEpoch | None = None,
        random_state: Any = None,
    ) -> None:
        self.hidden_size = hidden_size
        self.steps = steps
        self.max_steps = max_steps
        self.activation = activation
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.early_stopping = early_stopping
        self.validation_share = validation_share
        self.patience = patience
        self.max_seconds = max_seconds
        self.device = device
        self.n_jobs = n_jobs
        self.on_epoch = on_epoch
        self.random_state = random_state

    def _build(self, torch: Any, width: int, outputs: int) -> Any:
        places, is_windows = self._places(width)
        self.reads_ = (
            f"windows of {len(places)} steps of {places.shape[1]} columns"
            if is_windows
            else f"the row's {width} columns as a sequence of {len(places)} steps"
        )
        sizes = (self.hidden_size, self.hidden_size, outputs)
        return build_lstm(torch, places, sizes, self.activation, self.dropout, is_shared=is_windows)

    def _places(self, width: int) -> tuple[NDArray[np.intp], bool]:
        names = getattr(self, "feature_names_in_", None)
        places = np.array(self.steps) if self.steps is not None else None
        if places is None and names is not None:
            places = steps_of([str(name) for name in names])
        if places is None:
            return steps_in_order(width, self.max_steps), False
        if places.ndim != 2 or places.dtype.kind != "i" or not (places < width).all():
            raise ValueError(f"steps must be lists of equal length of columns' places below {width}")
        return places, True

    def _keep(self, net: Any, scaling: Scaling) -> None:
        is_there = net.places.numpy() != NOTHING
        self.steps_ = np.where(is_there, net.places.numpy(), 0)
        tokens, gates = array_of(net.token_weights), array_of(net.lstm.weight_ih_l0).T
        biases = array_of(net.lstm.bias_ih_l0) + array_of(net.lstm.bias_hh_l0)
        factors = scaling.factors[self.steps_] * is_there
        means = scaling.means[self.steps_]
        self.input_weights_ = factors[:, :, None] * (tokens @ gates)
        shifts = np.einsum("sc,scg->sg", means, self.input_weights_)
        self.input_biases_ = array_of(net.token_biases) @ gates + biases - shifts
        self.recurrent_weights_ = array_of(net.lstm.weight_hh_l0).T.copy()
        self.weights_, self.biases_ = arrays_of(net.layers)

    def _scores(self, matrix: Values) -> Values:
        state = through_lstm(
            matrix, self.steps_, self.input_weights_, self.input_biases_, self.recurrent_weights_
        )
        return through_layers(state, self.weights_, self.biases_, self.activation)


class SequenceClassifier(Classifying, Sequence):
    """An LSTM that answers a class and its probability."""


class SequenceRegressor(Regressing, Sequence):
    """An LSTM that answers a number."""
