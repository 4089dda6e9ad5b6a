"""Feed-forward nets: dense layers, for a class or a number.

Fitted attributes, which are all that a served net needs; `projects.estimators.forward` says how they answer:

- `weights_`: a list of float64 arrays, one a layer, of shape (inputs, outputs). The first takes the columns
  as they come: the standardisation is folded into it. The last has 1 output (two classes, or a number) or
  one output a class.
- `biases_`: a list of float64 arrays, of shape (outputs,).
- `activation`: `relu` or `tanh`, after every layer but the last.
- `output_`: `sigmoid` (two classes), `softmax` (one class, or three and more) or `identity` (a number).
- `classes_`: the labels, sorted; only of a classifier.
- `n_features_in_`; `loss_curve_` and `validation_curve_` (by epoch; NaN where no rows were set aside),
  `best_epoch_` (from 0), `n_iter_` (epochs).
"""

from collections import OrderedDict
from typing import Any

from projects.estimators.descent import OnEpoch
from projects.estimators.forward import Values, through_layers
from projects.estimators.layers import arrays_of, dense
from projects.estimators.network import Classifying, Network, Regressing
from projects.estimators.scaling import Scaling


class FeedForward(Network):
    """Dense layers of one width.

    Args:
        hidden_size: Units of a hidden layer.
        n_layers: Hidden layers.
        activation: `relu` or `tanh`.
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
        hidden_size: int = 128,
        n_layers: int = 2,
        activation: str = "relu",
        dropout: float = 0.1,
        learning_rate: float = 2e-3,
        weight_decay: float = 1e-2,
        batch_size: int | None = None,
        max_epochs: int = 200,
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
        self.n_layers = n_layers
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
        sizes = [width, *[self.hidden_size] * self.n_layers, outputs]
        layers = dense(torch, sizes, self.activation, self.dropout)
        return torch.nn.Sequential(OrderedDict(layers=layers))

    def _keep(self, net: Any, scaling: Scaling) -> None:
        self.weights_, self.biases_ = arrays_of(net.layers)
        self.weights_[0], self.biases_[0] = scaling.fold(self.weights_[0], self.biases_[0])

    def _scores(self, matrix: Values) -> Values:
        return through_layers(matrix, self.weights_, self.biases_, self.activation)


class FeedForwardClassifier(Classifying, FeedForward):
    """A feed-forward net that answers a class and its probability."""


class FeedForwardRegressor(Regressing, FeedForward):
    """A feed-forward net that answers a number."""
