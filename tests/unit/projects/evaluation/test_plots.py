"""Each plot fits its task, names its axes, and can be drawn whatever the labels are."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from sklearn import metrics as sk

from projects.evaluation.course import Course, Point
from projects.evaluation.importance import Importance, Weight
from projects.evaluation.metrics import BY_NAME, Answers
from projects.evaluation.plots import columns, confusion, curves, numbers, probabilities, training
from projects.evaluation.plots.canvas import label, labels
from projects.evaluation.plots.draw import draw_all
from projects.evaluation.ranking import Ranked
from projects.evaluation.reliability import reliability
from projects.evaluation.threshold import curves_of
from tests.unit.projects.evaluation.evaluation_fixtures import report

RNG = np.random.default_rng(9)
AUC = BY_NAME["roc_auc"]
COURSE = Course(
    ranking=[
        Ranked("lightgbm", 0.84, 0.01),
        Ranked("$x_{ knn", 0.7, 0.02),
        Ranked("svm", None, skipped="slow"),
    ],
    folds=5,
    learning=[Point(100, 0.7, 0.02), Point(5000, 0.8, 0.01)],
    losses={"training": [3.0, 2.0, 1.0], "validation": [3.0, 2.5, 2.6]},
    best_round=2,
    round_unit="epoch",
    loss="log loss",
)
COMMON = ["feature_importance", "segments", "comparison", "learning_curve", "loss_curves"]


def draw(figure):
    """Draw for real: whatever cannot be drawn warns or raises."""
    FigureCanvasAgg(figure).draw()
    axes = figure.axes[0]
    assert all([axes.get_title(), axes.get_xlabel(), axes.get_ylabel()])
    return axes


def many(k, rows=400, missing=()):
    names = [f"$class_{{{n} with a long name \N{CJK UNIFIED IDEOGRAPH-6771}\n\N{ROCKET}" for n in range(k)]
    classes = np.array(sorted(names), dtype=object)
    codes = RNG.choice([n for n in range(k) if n not in missing], rows)
    shares = RNG.dirichlet(np.ones(k), rows) + (codes[:, None] == np.arange(k))
    shares = shares / shares.sum(axis=1, keepdims=True)
    return Answers(classes[codes], classes[shares.argmax(axis=1)], shares, tuple(classes.tolist()))


@pytest.mark.parametrize(
    ("task", "names"),
    [
        (
            "binary",
            ["confusion_matrix", "roc_curve", "precision_recall_curve", "calibration_curve", "threshold"],
        ),
        ("multiclass", ["confusion_matrix", "roc_curve", "precision_recall_curve", "calibration_curve"]),
        ("regression", ["predicted_vs_actual", "residuals", "residual_histogram"]),
    ],
)
def test_the_pictures_fit_the_task(task, names):
    drawn = dict(draw_all(report(task).findings, COURSE))
    assert list(drawn) == [f"{name}.png" for name in [*names, *COMMON]]
    for figure in drawn.values():
        draw(figure)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_shap_values_have_a_picture(task):
    draw(report(task, shap=True).figures["shap_summary.png"])


@pytest.mark.parametrize("k", [2, 3, 7, 20, 100])
def test_the_confusion_matrix_takes_any_number_of_classes(k):
    axes = draw(confusion.confusion_matrix(many(k, missing=(1,) if k > 2 else ())))
    assert len(axes.get_yticklabels()) == min(k, 50)


def test_the_confusion_matrix_counts_rows():
    answers = many(3)
    axes = draw(confusion.confusion_matrix(answers))
    wanted = sk.confusion_matrix(answers.truth, answers.predictions, labels=list(answers.classes))
    assert [int(text.get_text().split()[0]) for text in axes.texts] == wanted.ravel().tolist()


def test_the_roc_curve_names_its_area():
    answers = many(2)
    axes = draw(curves.roc_curve(answers))
    area = sk.roc_auc_score(answers.codes, answers.probabilities[:, 1])
    assert f"area {area:.3f}" in axes.get_legend().get_texts()[0].get_text()


def test_the_precision_recall_curve_names_its_area():
    answers = many(2)
    axes = draw(curves.precision_recall_curve(answers))
    area = sk.average_precision_score(answers.codes, answers.probabilities[:, 1])
    assert f"average precision {area:.3f}" in axes.get_legend().get_texts()[0].get_text()


@pytest.mark.parametrize("draw_curve", [curves.roc_curve, curves.precision_recall_curve])
def test_the_commonest_of_many_classes_have_a_curve(draw_curve):
    axes = draw(draw_curve(many(100, rows=2000, missing=(4,))))
    assert "the 8 commonest of 99 classes" in axes.get_title()


def test_rows_of_one_class_have_no_curve():
    assert not curves.can_be_drawn(many(2, missing=(0,)))


def test_the_calibration_curve_shows_its_bins():
    found = reliability(many(2), seed=1)
    axes = draw(probabilities.calibration_curve(found))
    assert axes.lines[1].get_xdata().tolist() == [one.said for one in found.bins]


def test_the_threshold_in_use_is_marked():
    axes = draw(probabilities.threshold_curves(curves_of(many(2)), 0.3, "out-of-fold rows"))
    assert "in use: 0.3" in [text.get_text() for text in axes.get_legend().get_texts()]


@pytest.mark.parametrize("plot", [numbers.predicted_vs_actual, numbers.residuals, numbers.residual_histogram])
@pytest.mark.parametrize("rows", [2, 30, 8000])
def test_numbers_are_drawn_however_many(plot, rows):
    truth = RNG.normal(1e6, 1e5, rows)
    draw(plot(Answers(truth, truth + RNG.normal(0, 1e4, rows), None, None), "$price_{ \N{EURO SIGN}"))


def test_the_errors_say_what_stands_at_their_ends():
    truth = RNG.normal(0, 1, 500)
    axes = draw(numbers.residual_histogram(Answers(truth, np.zeros(500), None, None), "y"))
    assert "the outermost 1 % at the ends" in axes.get_xlabel()


@pytest.mark.parametrize("plot", [numbers.predicted_vs_actual, numbers.residuals, numbers.residual_histogram])
def test_a_model_that_always_says_the_same_is_drawn(plot):
    draw(plot(Answers(np.arange(50.0), np.full(50, 3.0), None, None), "y"))


def test_features_alike_in_their_first_letters_keep_a_bar_each():
    weights = tuple(Weight("x" * 50 + str(n) + "x" * 50, 1 / (n + 1), 0.01, 5) for n in range(3))
    axes = draw(columns.feature_importance(Importance(weights, AUC, 100)))
    assert len({text.get_text() for text in axes.get_yticklabels()}) == 3
    assert sorted(bar.get_width() for bar in axes.patches) == pytest.approx([1 / 3, 1 / 2, 1.0])


def test_segments_are_drawn_with_their_rows():
    found = report("regression").findings.segments
    axes = draw(columns.segment_errors(found, is_regression=True))
    assert len(axes.get_yticklabels()) == len(found)


def test_the_best_candidate_is_on_top():
    axes = draw(training.comparison(COURSE.ranking, AUC))
    assert [text.get_text() for text in axes.get_yticklabels()] == ["$x_{ knn", "lightgbm"]


def test_a_candidate_that_failed_badly_does_not_hide_the_others():
    rows = [Ranked(f"m{n}", 0.8 + n / 1000, 0.005) for n in range(6)] + [Ranked("bad", -40.0, 3.0)]
    low, _ = draw(training.comparison(rows, BY_NAME["r2"])).get_xlim()
    assert low > 0


def test_the_learning_curve_names_its_sizes():
    axes = draw(training.learning_curve(COURSE.learning, AUC))
    assert [text.get_text() for text in axes.get_xticklabels()] == ["100", "5,000"]


def test_the_loss_curves_mark_the_best_epoch():
    axes = draw(training.loss_curves(COURSE.losses, best=2, unit="epoch", loss="log loss"))
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "training",
        "validation",
        "best epoch: 2",
    ]


def test_labels_are_short_on_one_line_and_of_marks_that_can_be_drawn():
    assert label("a\n b") == "a b"
    assert label("") == "(blank)"
    assert label("\N{ROCKET}x") == "<1f680>x"
    assert len(label("x" * 500)) == 32


def test_labels_that_look_alike_are_numbered():
    assert labels(["x" * 30 + "a" + "y" * 30, "x" * 30 + "b" + "y" * 30])[1].endswith("(2)")


def test_the_comparison_says_when_there_was_time_for_one_fold():
    one = [Ranked("ridge", 0.5, 0.0, 1.0, scores=(0.5,)), Ranked("svr", 0.4, 0.0, 1.0, scores=(0.4,))]
    axes = draw(training.comparison(one, BY_NAME["r2"]))
    assert axes.get_title() == "Candidates, one fold"
    assert axes.get_xlabel() == "r2 (higher is better)"
    several = draw(training.comparison(COURSE.ranking, AUC))
    assert several.get_title() == "Candidates, cross-validation"
