"""Linear models and naive Bayes learn from the matrix on disk: by sums that are exact, or pass by pass.

Least squares, with any penalty, know the rows only by their sums of products: a small table that has the
same sums has the same answer. Logistic regression is the minimum of a smooth loss, which is summed pass by
pass (L-BFGS, as scikit-learn's own), from the weights that the sample found where its matrix is as wide.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from projects.beyond_memory.boosted import Boosting
from projects.beyond_memory.spool import Spool

Values = NDArray[np.float64]


def fit_squares(model: Any, boosting: Boosting) -> Any:
    """Fit least squares, plain or with an L2 or L1 penalty, from sums of products."""
    spool, truth = boosting.spool, boosting.spool.truth()
    rows, has_mean = spool.rows, model.fit_intercept
    mean = _mean(spool) if has_mean else np.zeros(spool.width)
    middle = float(truth.mean()) if has_mean else 0.0
    products, with_truth = np.zeros((spool.width, spool.width)), np.zeros(spool.width)
    for first, cells in spool.blocks():
        off = cells - mean
        products += off.T @ off
        with_truth += off.T @ (truth[first : first + len(off)] - middle)
        boosting.tell(min(first + len(off), rows), rows)
    cells, targets = _same_sums(products, with_truth)
    made = clone(model).set_params(fit_intercept=False)
    if type(model).__name__ in ("Lasso", "ElasticNet"):
        # Their loss is a mean over rows, of which there are other ones here.
        made.set_params(alpha=model.alpha * rows / len(cells))
    made.fit(cells, targets)
    made.set_params(**model.get_params())
    made.intercept_ = middle - float(mean @ made.coef_) if has_mean else 0.0
    return made


def fit_bayes(model: Any, boosting: Boosting) -> Any:
    """Fit naive Bayes from each class's means and variances, joined chunk by chunk."""
    spool, truth = boosting.spool, boosting.spool.truth().astype(np.intp)
    shape = (boosting.classes, spool.width)
    count, mean, square = np.zeros(boosting.classes), np.zeros(shape), np.zeros(shape)
    for first, cells in spool.blocks():
        codes = truth[first : first + len(cells)]
        for code in np.unique(codes):
            mine = cells[codes == code]
            new, total = len(mine), count[code] + len(mine)
            off = mine.mean(axis=0) - mean[code]
            square[code] += ((mine - mine.mean(axis=0)) ** 2).sum(axis=0)
            square[code] += off**2 * count[code] * new / total
            mean[code] += off * new / total
            count[code] = total
        boosting.tell(min(first + len(cells), spool.rows), spool.rows)
    made = clone(model).fit(*boosting.example())
    rows = count.sum()
    overall = count @ mean / rows
    spread = (square.sum(axis=0) + count @ (mean - overall) ** 2) / rows
    made.epsilon_ = float(model.var_smoothing * spread.max())
    made.theta_, made.class_count_ = mean, count
    made.var_ = square / count[:, None] + made.epsilon_
    if model.priors is None:
        made.class_prior_ = count / rows
    return made


def fit_logistic(model: Any, boosting: Boosting) -> Any:
    """Fit logistic regression with an L2 penalty to scikit-learn's own loss."""
    from scipy.optimize import minimize

    loss = _Logistic(boosting.spool, boosting.classes, 1.0 / model.C)
    start = np.concatenate([model.coef_, model.intercept_[:, None]], axis=1)
    if start.shape[1] != boosting.spool.width + 1:
        # All rows have a gap or a level that the sample lacks; the minimum is the same from anywhere.
        start = np.zeros((len(start), boosting.spool.width + 1))
    passes = 0

    def told(_weights: Values) -> None:
        nonlocal passes
        passes += 1
        boosting.tell(min(passes, model.max_iter), model.max_iter)

    found = minimize(  # type: ignore[call-overload]  # its stubs know no object that returns both
        loss, start.ravel(), jac=True, method="L-BFGS-B", callback=told,
        options={"maxiter": model.max_iter, "gtol": model.tol, "ftol": 64 * np.finfo(float).eps},
    )  # fmt: skip
    weights = found.x.reshape(start.shape)
    made = clone(model).set_params(max_iter=1).fit(*boosting.example())
    made.set_params(max_iter=model.max_iter)
    made.coef_, made.intercept_ = weights[:, :-1].copy(), weights[:, -1].copy()
    made.n_iter_ = np.array([passes], dtype=np.int32)
    return made


class _Logistic:
    """The mean log loss with its penalty, and its gradient, over the rows on disk."""

    def __init__(self, spool: Spool, classes: int, penalty: float) -> None:
        self.spool, self.classes = spool, classes
        self.truth = spool.truth()
        self.penalty = penalty / spool.rows

    def __call__(self, flat: Values) -> tuple[float, Values]:
        weights = flat.reshape(-1, self.spool.width + 1)
        loss, gradient = 0.0, np.zeros_like(weights)
        for first, cells in self.spool.blocks():
            truth = self.truth[first : first + len(cells)]
            margin = cells @ weights[:, :-1].T + weights[:, -1]
            some, off = _binary(margin, truth) if self.classes == 2 else _several(margin, truth)
            loss += some
            gradient[:, :-1] += off.T @ cells
            gradient[:, -1] += off.sum(axis=0)
        gradient /= self.spool.rows
        gradient[:, :-1] += self.penalty * weights[:, :-1]
        loss = loss / self.spool.rows + 0.5 * self.penalty * float((weights[:, :-1] ** 2).sum())
        return loss, gradient.ravel()


def _binary(margin: Values, truth: Values) -> tuple[float, Values]:
    from scipy.special import expit

    loss = np.logaddexp(0.0, margin[:, 0]) - truth * margin[:, 0]
    return float(loss.sum()), (expit(margin[:, 0]) - truth)[:, None]


def _several(margin: Values, truth: Values) -> tuple[float, Values]:
    from scipy.special import log_softmax

    log = log_softmax(margin, axis=1)
    at, code = np.arange(len(truth)), truth.astype(np.intp)
    off = np.exp(log)
    off[at, code] -= 1.0
    return float(-log[at, code].sum()), off


def _mean(spool: Spool) -> Values:
    total = np.zeros(spool.width)
    for _, cells in spool.blocks():
        total += cells.sum(axis=0)
    return total / spool.rows


def _same_sums(products: Values, with_truth: Values) -> tuple[Values, Values]:
    """Return a table and its truth with these sums of products, by the eigenvectors of the first."""
    lengths, vectors = np.linalg.eigh(products)
    is_there = lengths > lengths.max() * len(lengths) * np.finfo(np.float64).eps
    roots = np.sqrt(lengths[is_there])
    cells = (vectors[:, is_there] * roots).T
    return cells, (vectors[:, is_there].T @ with_truth) / roots
