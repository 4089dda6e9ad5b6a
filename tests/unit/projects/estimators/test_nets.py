"""Nets are fitted by PyTorch, answer in numpy, and say plainly what went wrong."""

import pickle
import subprocess
import sys

import cloudpickle
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_classification, make_regression
from sklearn.exceptions import NotFittedError
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.utils import check_random_state

from projects.estimators.descent import set_aside
from projects.estimators.feed_forward import FeedForwardClassifier, FeedForwardRegressor
from projects.estimators.forward import through_lstm
from projects.estimators.pytorch import TorchMissing
from projects.estimators.sequence import SequenceClassifier, SequenceRegressor
from projects.pickled import own_classes_by_value

torch = pytest.importorskip("torch")

CLASSIFIERS = (FeedForwardClassifier, SequenceClassifier)
REGRESSORS = (FeedForwardRegressor, SequenceRegressor)
SIZE = {"hidden_size": 12, "max_epochs": 12, "learning_rate": 0.02, "random_state": 3}


def two_classes(rows=400, **options):
    return make_classification(rows, 6, random_state=1, **options)


def numbers(rows=400):
    X, y = make_regression(rows, 6, random_state=1, noise=1)
    return X * 50 + 1e4, y * 3 + 700


@pytest.mark.parametrize("kind", CLASSIFIERS)
@pytest.mark.parametrize("classes", [2, 3])
def test_numpy_answers_what_pytorch_measured_at_the_best_epoch(kind, classes):
    X, y = two_classes(n_classes=classes, n_informative=4)
    net = kind(**SIZE).fit(X * 30 + 500, y)
    _, held = set_aside(len(X), 0.1, int(check_random_state(3).randint(2**31 - 1)), y)
    loss = log_loss(y[held], net.predict_proba(X[held] * 30 + 500))
    assert loss == pytest.approx(net.validation_curve_[net.best_epoch_], rel=1e-4)


@pytest.mark.parametrize("kind", REGRESSORS)
def test_numbers_are_answered_in_the_targets_unit(kind):
    X, y = numbers()
    net = kind(**SIZE).fit(X, y)
    _, held = set_aside(len(X), 0.1, int(check_random_state(3).randint(2**31 - 1)), None)
    loss = np.mean((y[held] - net.predict(X[held])) ** 2) / y.var()
    assert loss == pytest.approx(net.validation_curve_[net.best_epoch_], rel=1e-4)


@pytest.mark.parametrize("kind", REGRESSORS)
def test_a_number_is_learned(kind):
    X, y = numbers(1200)
    assert kind(**SIZE | {"max_epochs": 60}).fit(X[:900], y[:900]).score(X[900:], y[900:]) > 0.95


def test_the_lstm_in_numpy_is_pytorchs():
    torch.manual_seed(0)
    lstm = torch.nn.LSTM(3, 5, batch_first=True).double()
    rows = torch.randn(4, 7, 3, dtype=torch.float64)
    weights = [lstm.weight_ih_l0.T, lstm.weight_hh_l0.T, lstm.bias_ih_l0 + lstm.bias_hh_l0]
    into, recurrent, bias = (weight.detach().numpy() for weight in weights)
    steps = np.arange(21).reshape(7, 3)
    found = through_lstm(
        rows.reshape(4, 21).numpy(), steps, np.stack([into] * 7), np.stack([bias] * 7), recurrent
    )
    np.testing.assert_allclose(found, lstm(rows)[1][0][0].detach().numpy(), atol=1e-14)


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_a_rows_answer_does_not_depend_on_its_neighbours(kind):
    X, y = two_classes()
    net = kind(**SIZE).fit(X, y)
    alone = np.vstack([net.predict_proba(row[None]) for row in X[:20]])
    np.testing.assert_allclose(alone, net.predict_proba(X)[:20], atol=1e-12)


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_the_same_seed_gives_the_same_net_and_leaves_pytorchs_own_alone(kind):
    X, y = two_classes()
    state, threads = torch.random.get_rng_state(), torch.get_num_threads()
    first = kind(**SIZE).fit(X, y).predict_proba(X)
    assert (kind(**SIZE).fit(X, y).predict_proba(X) == first).all()
    assert (kind(**SIZE | {"random_state": 4}).fit(X, y).predict_proba(X) != first).any()
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_a_rare_class_keeps_its_frequency_and_is_ranked(kind):
    X, y = two_classes(4000, weights=[0.98], flip_y=0, class_sep=1.5)
    net = kind(**SIZE).fit(X, y)
    shares = net.predict_proba(X)[:, 1]
    assert shares.mean() == pytest.approx(y.mean(), rel=0.25)
    assert roc_auc_score(y, shares) > 0.9


def test_fitting_ends_when_patience_does():
    X, y = two_classes(flip_y=0.4)
    net = FeedForwardClassifier(patience=3, max_epochs=100, learning_rate=0.02, random_state=0).fit(X, y)
    assert net.n_iter_ == net.best_epoch_ + 1 + 3 < 100
    assert min(net.validation_curve_) == net.validation_curve_[net.best_epoch_]


def test_without_early_stopping_every_row_is_learned_and_every_epoch_run():
    X, y = two_classes()
    net = FeedForwardClassifier(early_stopping=False, max_epochs=15, patience=1, random_state=0).fit(X, y)
    assert net.n_iter_ == 15
    assert np.isnan(net.validation_curve_).all()


def test_the_hook_hears_each_epoch():
    heard = []
    X, y = two_classes()
    net = SequenceClassifier(**SIZE, on_epoch=lambda *epoch: heard.append(epoch)).fit(X, y)
    assert heard == list(zip(range(net.n_iter_), net.loss_curve_, net.validation_curve_, strict=True))


def test_the_hook_can_end_the_fitting():
    net = FeedForwardClassifier(**SIZE, on_epoch=lambda epoch, *_: epoch == 2)
    assert net.fit(*two_classes()).n_iter_ == 3


def test_what_the_hook_raises_abandons_the_fitting():
    def prune(*_):
        raise KeyError("pruned")

    with pytest.raises(KeyError, match="pruned"):
        FeedForwardClassifier(**SIZE, on_epoch=prune).fit(*two_classes())


def test_the_hook_is_handed_on_by_clone_and_left_behind_by_pickle():
    class Uncopied:
        def __call__(self, *_):
            return False

        def __deepcopy__(self, _):
            raise AssertionError("copied")

    net = FeedForwardClassifier(**SIZE, on_epoch=Uncopied()).fit(*two_classes())
    assert clone(net).on_epoch is net.on_epoch
    assert pickle.loads(pickle.dumps(net)).on_epoch is None


def test_the_time_limit_still_gives_a_net():
    X, y = two_classes()
    net = SequenceClassifier(**SIZE | {"max_epochs": 10_000}, max_seconds=0.0).fit(X, y)
    assert net.n_iter_ == 1
    assert net.predict(X).shape == y.shape


def test_a_loss_that_is_never_finite_is_refused():
    with pytest.raises(FloatingPointError, match=r"not finite in its first epoch; lower learning_rate"):
        FeedForwardRegressor(learning_rate=1e30, random_state=0).fit(*numbers())


def test_a_constant_column_says_nothing_however_it_changes_later():
    X, y = two_classes()
    X[:, 2] = 1e6
    net = FeedForwardClassifier(**SIZE).fit(X, y)
    other = X.copy()
    other[:, 2] = -5
    np.testing.assert_allclose(net.predict_proba(other), net.predict_proba(X), atol=1e-12)


def test_an_unknown_activation_is_refused():
    with pytest.raises(ValueError, match="activation must be relu or tanh, not 'gelu'"):
        FeedForwardClassifier(activation="gelu").fit(*two_classes())


def test_an_unfitted_net_says_so():
    with pytest.raises(NotFittedError):
        SequenceRegressor().predict(numbers()[0])


@pytest.mark.parametrize("kind", CLASSIFIERS + REGRESSORS)
def test_without_pytorch_fitting_says_what_to_install(kind, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(TorchMissing, match=r"pip install 'torch>=2\.6,<3'"):
        kind().fit(*two_classes())


LOAD = """
import pickle, sys
class Nowhere:
    def find_spec(self, name, *_):
        if name.split(".")[0] in ("torch", "projects"):
            raise ImportError(name)
sys.meta_path.insert(0, Nowhere())
import numpy as np
net = pickle.load(open(sys.argv[1], "rb"))
X = np.load(sys.argv[2])
answer = net.predict_proba(X) if hasattr(net, "classes_") else net.predict(X)
np.save(sys.argv[3], answer)
"""


@pytest.mark.parametrize("kind", CLASSIFIERS + REGRESSORS)
def test_a_pickled_net_answers_without_pytorch_and_without_penstock(kind, tmp_path):
    X, y = two_classes()
    net = kind(**SIZE).fit(X, y)
    with own_classes_by_value():
        (tmp_path / "net").write_bytes(cloudpickle.dumps(net))
    assert b"torch" not in net_arrays(net)
    np.save(tmp_path / "X.npy", X)
    command = [sys.executable, "-c", LOAD, tmp_path / "net", tmp_path / "X.npy", tmp_path / "answer.npy"]
    subprocess.run(command, check=True, cwd=tmp_path, timeout=60)
    expected = net.predict_proba(X) if hasattr(net, "classes_") else net.predict(X)
    assert (np.load(tmp_path / "answer.npy") == expected).all()


def net_arrays(net):
    return pickle.dumps({name: value for name, value in vars(net).items() if name.endswith("_")})
