"""The fitting of any net: mini-batches, AdamW, early stopping on rows of its own, the best weights kept.

Each epoch goes once through the learning rows in a new order. The loss on the validation rows decides: when
it has not fallen for a third of the patience the learning rate is halved, and after the whole patience
fitting ends with the weights of the best epoch. Gradients are clipped (to norm 1, Pascanu et al. 2013), and a
loss that is no longer finite ends the fitting with the best weights so far.
"""

import copy
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

OnEpoch = Callable[[int, float, float], object]
LARGEST_GRADIENT = 1.0
FEWEST_TO_VALIDATE = 20
"""With fewer rows than this none is set aside, and the learning rows' own loss decides."""
VALIDATION_BATCH = 4096


@dataclass(frozen=True)
class Recipe:
    """How a net is fitted.

    Attributes:
        learning_rate: AdamW's first.
        weight_decay: AdamW's.
        batch_size: Rows a step.
        max_epochs: The most epochs.
        patience: Epochs without a better validation loss before fitting ends.
        max_seconds: Fitting ends after these, in the middle of an epoch if need be; None is no limit.
        device: PyTorch's name of one, or `auto` for CUDA where PyTorch sees it.
        on_epoch: Called with epoch, learning loss and validation loss after each epoch; true ends fitting.
        clock: Seconds, monotonic.
    """

    learning_rate: float
    weight_decay: float
    batch_size: int
    max_epochs: int
    patience: int
    max_seconds: float | None
    device: str
    on_epoch: OnEpoch | None
    clock: Callable[[], float] = time.monotonic


@dataclass(frozen=True)
class Lesson:
    """What is learned.

    Attributes:
        inputs: Standardised, of shape (rows, columns).
        targets: Standardised numbers, 0 and 1, or the classes' indices, one a row.
        output: `identity`, `sigmoid` or `softmax`.
        learning: The rows that are learned from.
        validation: The rows that decide when to stop; empty for none.
    """

    inputs: NDArray[np.float32]
    targets: NDArray[Any]
    output: str
    learning: NDArray[np.intp]
    validation: NDArray[np.intp]


@dataclass
class Curve:
    """The losses by epoch (squared error of the standardised target, or log loss), and the best epoch."""

    learning: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    best_epoch: int = -1


def set_aside(
    rows: int, share: float, seed: int, classes: NDArray[Any] | None
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Split row numbers into those to learn from and those to validate on, by class where that can be."""
    numbers = np.arange(rows)
    if share == 0 or rows < FEWEST_TO_VALIDATE:
        return numbers, numbers[:0]
    held = max(round(rows * share), 1)
    counts = np.unique(classes, return_counts=True)[1] if classes is not None else np.array([rows])
    is_by_class = classes is not None and counts.min() >= 2 and min(held, rows - held) >= len(counts)
    learning, validation = train_test_split(
        numbers, test_size=held, random_state=seed, stratify=classes if is_by_class else None
    )
    return learning, validation


@contextmanager
def repeatable(torch: Any, seed: int, threads: int | None) -> Iterator[None]:
    """Seed PyTorch and bound its threads, and leave both as they were found."""
    before = torch.get_num_threads()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        torch.set_num_threads(threads or before)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def descend(torch: Any, net: Any, lesson: Lesson, recipe: Recipe) -> Curve:
    """Fit the net in place; it ends with its best weights, in float64 on the CPU.

    Raises:
        FloatingPointError: Not one epoch had a finite loss.
    """
    run = _Run(torch, net, lesson, recipe)
    curve, least, best = Curve(), math.inf, None
    for epoch in range(recipe.max_epochs):
        learning, validation = run.epoch(), run.validate()
        decisive = learning if math.isnan(validation) and not len(lesson.validation) else validation
        if not math.isfinite(learning) or not math.isfinite(decisive):
            break
        curve.learning.append(learning)
        curve.validation.append(validation)
        if decisive < least:
            least, best, curve.best_epoch = decisive, copy.deepcopy(net.state_dict()), epoch
        run.schedule.step(decisive)
        is_told_to_end = recipe.on_epoch is not None and recipe.on_epoch(epoch, learning, validation) is True
        if is_told_to_end or epoch - curve.best_epoch >= recipe.patience or run.is_late():
            break
    if best is None:
        raise FloatingPointError(
            f"the net's loss was not finite in its first epoch; lower learning_rate, which is"
            f" {recipe.learning_rate:g}, or look for huge values in the columns"
        )
    net.load_state_dict(best)
    net.to(device="cpu", dtype=torch.float64).eval()
    return curve


class _Run:
    """One fitting: the net and the rows on their device, the optimiser, and when it started."""

    def __init__(self, torch: Any, net: Any, lesson: Lesson, recipe: Recipe) -> None:
        self._torch, self._net, self._recipe = torch, net, recipe
        self._started = recipe.clock()
        automatic = "cuda" if torch.cuda.is_available() else "cpu"
        self._device = automatic if recipe.device == "auto" else recipe.device
        net.to(self._device)
        functional = torch.nn.functional
        self._loss = {
            "identity": functional.mse_loss,
            "sigmoid": functional.binary_cross_entropy_with_logits,
            "softmax": functional.cross_entropy,
        }[lesson.output]
        is_flat = lesson.output == "softmax"
        targets = lesson.targets if is_flat else lesson.targets.astype(np.float32)[:, None]
        self._inputs, self._targets = torch.from_numpy(lesson.inputs), torch.from_numpy(targets)
        self._learning, self._validation = map(torch.from_numpy, (lesson.learning, lesson.validation))
        self._optimiser = torch.optim.AdamW(
            net.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        self.schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(
            self._optimiser, factor=0.5, patience=max(recipe.patience // 3, 1)
        )

    def is_late(self) -> bool:
        limit = self._recipe.max_seconds
        return limit is not None and self._recipe.clock() - self._started >= limit

    def epoch(self) -> float:
        """Learn from each row once, or until the time is over; return the mean loss."""
        self._net.train()
        total, seen = 0.0, 0
        order = self._learning[self._torch.randperm(len(self._learning))]
        for rows in order.split(self._recipe.batch_size):
            self._optimiser.zero_grad()
            loss = self._loss_of(rows)
            loss.backward()
            self._torch.nn.utils.clip_grad_norm_(self._net.parameters(), LARGEST_GRADIENT)
            self._optimiser.step()
            total += loss.item() * len(rows)
            seen += len(rows)
            if self.is_late() or not math.isfinite(total):
                break
        return total / seen

    def validate(self) -> float:
        """Return the mean loss over the validation rows; NaN where there are none."""
        if not len(self._validation):
            return math.nan
        self._net.eval()
        with self._torch.no_grad():
            parts = self._validation.split(VALIDATION_BATCH)
            total = sum(self._loss_of(rows).item() * len(rows) for rows in parts)
        return float(total / len(self._validation))

    def _loss_of(self, rows: Any) -> Any:
        inputs, targets = self._inputs[rows], self._targets[rows]
        return self._loss(self._net(inputs.to(self._device)), targets.to(self._device))
