"""Scores, plots and a report against scikit-learn's own answers."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from penstock import ModelEvaluator, TrainingDashboard
from projects.errors import BadInput
from tests.unit.penstock.sdk.sdk_fixtures import shop

RNG = np.random.default_rng(0)
TRUTH = RNG.integers(0, 2, 200)
SHARE = np.clip(0.5 * TRUTH + RNG.uniform(0, 0.6, 200), 0, 1)
SAID = (SHARE > 0.5).astype(int)
AMOUNT = RNG.normal(100, 20, 200)
GUESS = AMOUNT + RNG.normal(2, 5, 200)


@pytest.fixture
def evaluator():
    return ModelEvaluator(task_type="classification")


@pytest.mark.parametrize(
    ("name", "oracle"),
    [
        ("accuracy", sk.accuracy_score(TRUTH, SAID)),
        ("precision", sk.precision_score(TRUTH, SAID)),
        ("recall", sk.recall_score(TRUTH, SAID)),
        ("f1_score", sk.f1_score(TRUTH, SAID)),
        ("roc_auc", sk.roc_auc_score(TRUTH, SHARE)),
    ],
)
def test_scores_of_classes_are_scikit_learns(evaluator, name, oracle):
    assert evaluator.evaluate(TRUTH, SAID, SHARE)[name] == pytest.approx(oracle)


def test_the_confusion_matrix_is_scikit_learns(evaluator):
    found = evaluator.evaluate(TRUTH, SAID)
    assert found["confusion_matrix"] == sk.confusion_matrix(TRUTH, SAID).tolist()
    assert found["classes"] == [0, 1]


def test_probabilities_may_have_both_columns(evaluator):
    both = np.column_stack([1 - SHARE, SHARE])
    assert evaluator.evaluate(TRUTH, SAID, both) == evaluator.evaluate(TRUTH, SAID, SHARE)


def test_without_probabilities_there_is_no_area(evaluator):
    assert "roc_auc" not in evaluator.evaluate(TRUTH, SAID)


def test_several_classes_are_means_over_them():
    y, said = RNG.choice(["a", "b", "c"], 90), RNG.choice(["a", "b", "c"], 90)
    found = ModelEvaluator().evaluate(y, said)
    assert found["f1_score"] == pytest.approx(sk.f1_score(y, said, average="macro"))


@pytest.mark.parametrize(
    ("name", "oracle"),
    [
        ("r2", sk.r2_score(AMOUNT, GUESS)),
        ("rmse", sk.root_mean_squared_error(AMOUNT, GUESS)),
        ("mae", sk.mean_absolute_error(AMOUNT, GUESS)),
        ("mape", sk.mean_absolute_percentage_error(AMOUNT, GUESS)),
        ("explained_variance", sk.explained_variance_score(AMOUNT, GUESS)),
    ],
)
def test_scores_of_numbers_are_scikit_learns(name, oracle):
    assert ModelEvaluator(task_type="regression").evaluate(AMOUNT, GUESS)[name] == pytest.approx(oracle)


def test_series_with_other_indices_are_compared_by_place(evaluator):
    shuffled = pd.Series(TRUTH, index=RNG.permutation(200))
    assert evaluator.evaluate(shuffled, pd.Series(SAID))["accuracy"] == np.mean(TRUTH == SAID)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((TRUTH, SAID[:9]), "y has 200 rows and y_pred has 9; give one value a row"),
        ((TRUTH, SAID, SHARE[:9]), r"the scores must be of shape \(200, classes\) or \(200,\), not \(9,\)"),
        ((TRUTH, np.where(SAID, "a", "b")), "y has labels like .* and y_pred like '[ab]'; give them alike"),
        ((TRUTH, SAID, np.full(200, np.nan)), "the scores must be finite numbers"),
        (([1, None], [1, 1]), "y is missing in 1 row, first in row 1; leave them out"),
        (([], []), "y is empty"),
        ((TRUTH, SAID, RNG.random((200, 3))), "the scores have 3 columns and the rows have 2 labels"),
    ],
)
def test_what_does_not_fit_together_is_told(evaluator, arguments, sentence):
    with pytest.raises(BadInput, match=sentence):
        evaluator.evaluate(*arguments)


def test_texts_are_no_numbers():
    with pytest.raises(BadInput, match="y must be numbers for a regression; it has 'cheap'"):
        ModelEvaluator(task_type="regression").evaluate(["cheap"], [1.0])


def test_one_class_alone_is_scored_without_an_area(evaluator):
    found = evaluator.evaluate([1, 1], [1, 1])
    assert found["accuracy"] == 1.0
    assert "roc_auc" not in found


def test_the_report_tells_scores_errors_and_examples(evaluator):
    X = pd.DataFrame({"size": AMOUNT})
    found = evaluator.evaluate(TRUTH, SAID, SHARE, X=X)
    text = evaluator.generate_evaluation_report()
    assert f"| accuracy | {found['accuracy']:.4f} |" in text
    for part in (
        "## Classes",
        "## Error analysis",
        "### The largest errors",
        "## Prediction examples",
        "size",
    ):
        assert part in text


def test_the_report_of_numbers_tells_the_bias(tmp_path):
    evaluator = ModelEvaluator(task_type="regression")
    evaluator.evaluate(AMOUNT, GUESS)
    text = evaluator.generate_evaluation_report(save_path=tmp_path / "report.md")
    assert "Predictions are above the truth by" in text
    assert (tmp_path / "report.md").read_text(encoding="utf-8") == text


def test_a_report_of_nothing_is_told(evaluator):
    with pytest.raises(BadInput, match=r"nothing was evaluated yet; call evaluate\(y, y_pred\) first"):
        evaluator.generate_evaluation_report()


@pytest.mark.parametrize(
    ("task_type", "method", "arguments"),
    [
        ("classification", "plot_confusion_matrix", (TRUTH, SAID)),
        ("classification", "plot_roc_curve", (TRUTH, SHARE)),
        ("classification", "plot_precision_recall_curve", (TRUTH, SHARE)),
        ("regression", "plot_residuals", (AMOUNT, GUESS)),
        ("regression", "plot_predictions", (AMOUNT, GUESS)),
    ],
)
def test_plots_are_figures_and_saved(task_type, method, arguments, tmp_path):
    path = tmp_path / "plot.png"
    figure = getattr(ModelEvaluator(task_type), method)(*arguments, save_path=path)
    assert figure.axes[0].get_title().endswith("200 rows")
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("margins", [4 * SHARE - 2, 300 * SHARE + 40], ids=["about_zero", "all_high"])
def test_margins_are_drawn_as_they_rank(evaluator, margins):
    figure = evaluator.plot_roc_curve(TRUTH, margins)
    assert (
        f"area {sk.roc_auc_score(TRUTH, margins):.3f}"
        in figure.axes[0].get_legend().get_texts()[0].get_text()
    )


def test_importances_have_the_columns_names(evaluator):
    model = DecisionTreeClassifier().fit(np.column_stack([SHARE, AMOUNT]), TRUTH)
    figure = evaluator.plot_feature_importance(model, ["share", "amount"])
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()][-1] == "share"


def test_a_pipelines_cells_are_added_up_by_column(evaluator):
    X, y = shop()
    model = TrainingDashboard().train_with_monitoring("decision_tree", X[:160], y[:160], X[160:], y[160:])
    names = [text.get_text() for text in evaluator.plot_feature_importance(model).axes[0].get_yticklabels()]
    assert set(names) == {"size", "city", "fee"}


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda e: e.plot_residuals(AMOUNT, GUESS), "residuals needs task_type 'regression'"),
        (lambda e: e.plot_roc_curve([1, 1], [0.2, 0.3]), "a ROC curve needs rows of two classes"),
        (
            lambda e: e.plot_feature_importance(KNeighborsClassifier().fit([[0], [1]], [0, 1])),
            "KNeighborsClassifier says nothing of its columns",
        ),
        (
            lambda e: e.plot_feature_importance(LinearRegression().fit([[0], [1]], [0, 1]), ["a", "b"]),
            "the model weighs 1 column and 2 names are given",
        ),
        (
            lambda e: e.plot_confusion_matrix(TRUTH, SAID, save_path="plot.docx"),
            "cannot be written to 'plot.docx'",
        ),
    ],
)
def test_what_cannot_be_drawn_is_told(evaluator, call, sentence):
    with pytest.raises(BadInput, match=sentence):
        call(evaluator)
