"""The LSTM in PyTorch: each step's columns become a token, the tokens are read in order.

A token is `values @ weights + biases` (as the feature tokenizer of Gorishniy et al. 2021). The steps of a
window share one set of weights, since they are the same columns at other times; columns read as a sequence
have a set each.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from projects.estimators.layers import dense
from projects.estimators.windows import NOTHING

TOKEN_SIZE = 8


def build_lstm(
    torch: Any,
    places: NDArray[np.intp],
    sizes: tuple[int, ...],
    activation: str,
    dropout: float,
    *,
    is_shared: bool,
) -> Any:
    """Build the module: tokens, LSTM, dense layers of the given sizes, of which the first is the LSTM's."""
    steps, a_step = places.shape
    sets = 1 if is_shared else steps
    tokens = torch.nn.Parameter(torch.randn(sets, a_step, TOKEN_SIZE) / a_step**0.5)
    shifts = torch.nn.Parameter(torch.randn(sets, TOKEN_SIZE) / TOKEN_SIZE**0.5)

    class Reader(torch.nn.Module):  # type: ignore[misc]  # PyTorch comes in as Any
        def __init__(self) -> None:
            super().__init__()
            self.places = torch.from_numpy(places.astype(np.int64))
            self.token_weights, self.token_biases = tokens, shifts
            self.lstm = torch.nn.LSTM(TOKEN_SIZE, sizes[0], batch_first=True)
            self.layers = dense(torch, sizes, activation, dropout)

        def forward(self, inputs: Any) -> Any:
            is_there = (self.places != NOTHING).to(inputs)
            values = inputs[:, self.places.clamp(min=0).to(inputs.device)] * is_there
            read = torch.einsum("rsc,scd->rsd", values, self.token_weights.expand(steps, -1, -1))
            _, (hidden, _) = self.lstm(read + self.token_biases)
            return self.layers(hidden[0])

    return Reader()
