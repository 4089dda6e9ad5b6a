"""What can be written is; the rest is named with its reason, and leaves nothing behind."""

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier, early_stopping
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestRegressor,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits
from xgboost import XGBClassifier, XGBRegressor

from serving.plan.estimators import neighbours, support_vectors
from serving.plan.load import load_plan
from serving.plan.model import PlanUnsupported
from serving.plan.parity import check
from serving.plan.write import write_plan
from tests.unit.plan.plan_fixtures import (
    COLUMNS,
    as_columns,
    as_frame,
    as_rows,
    frozen,
    pipe,
    scaled,
    steps,
    table,
    truth,
)


def fit(model, kind="texts", rows=120):
    frame = table(rows)
    with threadpool_limits(1):
        return model.fit(frame, truth(frame, kind))


def refused(model, folder, match, task="binary"):
    with pytest.raises(PlanUnsupported, match=match):
        write_plan(model, COLUMNS, folder, task=task)
    assert not folder.exists() or not list(folder.iterdir())


def written(model, folder, task="binary"):
    write_plan(model, COLUMNS, folder, task=task)
    return load_plan(folder)


def test_an_unknown_estimator_is_refused(tmp_path):
    refused(
        fit(pipe(GaussianProcessClassifier())),
        tmp_path,
        "the estimator GaussianProcessClassifier cannot be a plan; LogisticRegr",
    )


def test_a_bare_estimator_is_refused(tmp_path):
    model = LogisticRegression().fit(np.eye(4), [0, 1, 0, 1])
    refused(model, tmp_path, "only a pipeline whose steps make a matrix .* not a bare LogisticRegression")


def test_a_pipeline_behind_a_pipeline_is_refused(tmp_path):
    inner = Pipeline([("scale", PCA(2)), ("model", LogisticRegression())])
    refused(fit(pipe(inner)), tmp_path, "a pipeline behind another pipeline's columns cannot be a plan")


def test_a_stack_that_passes_its_input_on_is_refused(tmp_path):
    stack = StackingClassifier([("a", GaussianNB())], passthrough=True, cv=2)
    refused(fit(scaled(stack)), tmp_path, "a stack with passthrough=True cannot be a plan")


def test_a_stack_of_labels_is_refused(tmp_path):
    stack = StackingClassifier([("a", GaussianNB())], stack_method="predict", cv=2)
    refused(fit(scaled(stack)), tmp_path, "a stack whose members answer labels cannot be a plan")


def test_a_stack_of_members_that_know_other_labels_is_refused(tmp_path):
    member = fit(scaled(LogisticRegression()))
    stack = StackingClassifier([("a", member)], cv="prefit")
    refused(fit(stack), tmp_path, r"a member \(Pipeline\) knows other classes than the whole")


@pytest.mark.filterwarnings("ignore:.*probability.*:FutureWarning")
def test_an_svc_with_probabilities_of_its_own_is_refused(tmp_path):
    refused(fit(scaled(SVC(probability=True))), tmp_path, "use CalibratedClassifierCV")


def test_a_kernel_of_its_own_is_refused(tmp_path):
    refused(
        fit(scaled(SVC(kernel=lambda a, b: a @ b.T))), tmp_path, "support vectors with the kernel <function"
    )


def test_decisions_of_pairs_are_refused(tmp_path):
    model = fit(scaled(SVC(decision_function_shape="ovo")), "multiclass")
    refused(model, tmp_path, "decisions are one against one", task="multiclass")


def test_neighbours_by_weights_of_their_own_are_refused(tmp_path):
    model = fit(scaled(KNeighborsClassifier(weights=np.exp)))
    refused(model, tmp_path, "neighbours by a distance or weights of their own cannot be a plan")


def test_neighbours_by_another_distance_are_refused(tmp_path):
    refused(fit(scaled(KNeighborsClassifier(metric="chebyshev"))), tmp_path, "by a distance or weights")


def test_too_many_neighbours_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(neighbours, "MOST_BYTES", 1000)
    refused(fit(scaled(KNeighborsClassifier())), tmp_path, "the neighbours are a table of 0 MB; at most 0 MB")


def test_too_many_support_vectors_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(support_vectors, "MOST_BYTES", 1000)
    refused(fit(scaled(SVC())), tmp_path, "the support vectors take 0 MB; at most 0 MB")


def test_gradient_boosting_from_another_model_is_refused(tmp_path):
    model = fit(pipe(GradientBoostingClassifier(init=DecisionTreeClassifier(max_depth=1), n_estimators=3)))
    refused(model, tmp_path, "gradient boosting with an 'init' of its own cannot be a plan")


def test_gradient_boosting_that_encodes_categories_is_refused(tmp_path):
    model = fit(pipe(HistGradientBoostingClassifier(categorical_features=[3], max_iter=3)))
    refused(model, tmp_path, "gradient boosting that encodes categories itself cannot be a plan")


def test_adaboost_over_other_models_is_refused(tmp_path):
    model = fit(scaled(AdaBoostClassifier(LogisticRegression(), n_estimators=3)))
    refused(model, tmp_path, "AdaBoost over LogisticRegression cannot be a plan, over trees it can")


def test_trees_for_several_targets_are_refused(tmp_path):
    frame = table(60)
    model = pipe(RandomForestRegressor(3)).fit(frame, np.zeros((60, 2)))
    refused(model, tmp_path, "trees for several targets at once cannot be a plan", task="regression")


def test_neighbours_for_several_targets_are_refused(tmp_path):
    frame = table(60)
    model = scaled(KNeighborsRegressor()).fit(frame, np.zeros((60, 2)))
    refused(model, tmp_path, "neighbours for several targets", task="regression")


def test_a_linear_model_for_several_targets_is_refused(tmp_path):
    frame = table(60)
    model = scaled(Ridge()).fit(frame, np.zeros((60, 2)))
    refused(
        model, tmp_path, "the written plan cannot be loaded; array 'coefficients' must be", task="regression"
    )


def test_a_target_transformed_by_an_unknown_function_is_refused(tmp_path):
    model = TransformedTargetRegressor(scaled(Ridge()), func=np.cbrt, inverse_func=lambda x: x**3)
    refused(
        fit(model, "regression"), tmp_path, "a target transformed by FunctionTransformer", task="regression"
    )


def test_labels_of_several_kinds_are_refused(tmp_path):
    model = fit(scaled(LogisticRegression()))
    model[-1].classes_ = np.array([1, "a"], dtype=object)
    refused(model, tmp_path, r"labels must be of one plain kind, not \['int', 'str'\]")


def test_a_label_that_is_no_unicode_is_refused(tmp_path):
    model = fit(scaled(LogisticRegression()))
    model[-1].classes_ = np.array(["a", "\ud800"], dtype=object)
    refused(model, tmp_path, "cannot be written as JSON")


def test_a_bag_of_rows_is_refused(tmp_path):
    bag = BaggingClassifier(LogisticRegression(), 2).fit(np.eye(4), [0, 1, 0, 1])
    refused(bag, tmp_path, "a bag of pipelines cannot be a plan; bag the model behind its columns")


def test_equal_encoders_are_written_once(tmp_path):
    members = [(name, scaled(LogisticRegression(C=c))) for name, c in (("a", 1.0), ("b", 0.1))]
    plan = written(fit(VotingClassifier(members, voting="soft")), tmp_path)
    assert len(plan.encoders) == 1


def test_different_encoders_are_both_written(tmp_path):
    members = [("a", scaled(LogisticRegression())), ("b", pipe(GaussianNB()))]
    plan = written(fit(VotingClassifier(members, voting="soft")), tmp_path)
    assert len(plan.encoders) == 2


def test_a_vote_of_one_is_its_member(tmp_path):
    model = fit(pipe(VotingClassifier([("a", GaussianNB())], voting="soft")))
    assert [path.name for path in sorted(written(model, tmp_path) and tmp_path.iterdir())] == [
        "0-naive_bayes.npz",
        "plan.json",
    ]


def test_a_bag_of_trees_is_one_forest(fitted):
    names = [path.name for path in sorted(fitted("bag_of_trees", "texts").folder.iterdir())]
    assert names == ["0-bag_of_trees.npz", "plan.json"]


def test_writing_changes_no_model(fitted):
    model = fitted("gradient_boosting", "regression")
    frame = table(50)
    before = model.pipeline.predict(frame)
    written(model.pipeline, model.folder.parent / "again", "regression")
    assert (model.pipeline.predict(frame) == before).all()


@pytest.mark.parametrize("kind", ["texts", "multiclass"])
def test_a_frozen_pipeline_can_be_calibrated_and_its_threshold_moved(tmp_path, kind):
    calibrated = fit(frozen(fit(pipe(LGBMClassifier(n_estimators=9, n_jobs=1, verbosity=-1)), kind)), kind)
    model = calibrated
    if kind == "texts":
        model = fit(
            FixedThresholdClassifier(FrozenEstimator(calibrated), threshold=0.3, pos_label="ja"), kind
        )
    plan = written(model, tmp_path, "binary" if kind == "texts" else "multiclass")
    frame = table(100, seed=8)
    assert plan.score(as_rows(frame)).predictions == model.predict(frame).tolist()
    np.testing.assert_allclose(
        plan.score(as_rows(frame)).probabilities, model.predict_proba(frame), atol=1e-12
    )


@pytest.mark.parametrize("threshold", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("positive", ["ja", "nein"])
def test_a_threshold_moves_the_label_and_leaves_the_probabilities(tmp_path, threshold, positive):
    base = fit(scaled(LogisticRegression()))
    model = FixedThresholdClassifier(FrozenEstimator(base), threshold=threshold, pos_label=positive)
    plan = written(fit(model), tmp_path)
    frame = table(150, seed=8)
    scores = plan.score(as_rows(frame))
    assert scores.predictions == model.predict(frame).tolist()
    np.testing.assert_allclose(scores.probabilities, base.predict_proba(frame), atol=1e-12)


def test_a_member_that_saw_fewer_classes_is_placed(tmp_path):
    frame = table(60)
    labels = np.where(np.arange(60) == 0, "a rare one", truth(frame, "texts")).astype(object)
    bag = BaggingClassifier(KNeighborsClassifier(2), 6, max_samples=0.3, random_state=2)
    model = scaled(bag).fit(frame, labels)
    assert {len(member.classes_) for member in model[-1].estimators_} == {2, 3}
    plan = written(model, tmp_path, "multiclass")
    np.testing.assert_allclose(
        plan.score(as_rows(frame)).probabilities, model.predict_proba(frame), atol=1e-12
    )


def test_a_calibrated_member_that_saw_fewer_classes_is_placed(tmp_path):
    frame = table(60)
    labels = np.array(["a", "b", "c"], dtype=object)[
        (np.arange(60) >= 30).astype(int) + (np.arange(60) >= 59)
    ]
    folds = [(np.arange(59), np.arange(59)), (np.arange(60), np.arange(60))]
    model = CalibratedClassifierCV(scaled(LogisticRegression()), cv=folds).fit(frame, labels)
    plan = written(model, tmp_path, "multiclass")
    np.testing.assert_allclose(
        plan.score(as_rows(frame)).probabilities, model.predict_proba(frame), atol=1e-12
    )


def early(model, **more):
    """Fit on a matrix with rows set aside, then stand it behind its steps."""
    frame = table(200)
    labels = np.random.default_rng(0).integers(0, 2, 200)
    before = Pipeline(steps()).fit(frame, labels)
    matrix = before.transform(frame)
    model.fit(matrix[:120], labels[:120], eval_set=[(matrix[120:], labels[120:])], **more)
    return Pipeline([*before.steps, ("model", model)])


@pytest.mark.filterwarnings("ignore:The argument 'eval_set' is deprecated")
@pytest.mark.parametrize("family", ["lightgbm", "xgboost"])
def test_the_best_iteration_of_early_stopping_answers(tmp_path, family):
    if family == "lightgbm":
        model = early(
            LGBMClassifier(n_estimators=200, n_jobs=1, verbosity=-1),
            callbacks=[early_stopping(3, verbose=False)],
        )
    else:
        model = early(XGBClassifier(n_estimators=200, n_jobs=1, early_stopping_rounds=3), verbose=False)
    plan = written(model, tmp_path)
    frame = table(100, seed=8)
    np.testing.assert_allclose(
        plan.score_columns(as_columns(frame))[1], model.predict_proba(frame), atol=1e-9
    )


def test_a_booster_of_another_kind_answers_as_it_does(tmp_path):
    model = fit(pipe(XGBRegressor(booster="dart", n_jobs=1, n_estimators=9, rate_drop=0.3)), "regression")
    plan = written(model, tmp_path, "regression")
    frame = table(50, seed=8)
    np.testing.assert_allclose(plan.score_columns(as_columns(frame))[0], model.predict(frame), rtol=1e-6)


def test_missing_values_take_the_way_that_trees_learned(tmp_path):
    frame = table(200).drop(columns=["city", "colour"])
    with threadpool_limits(1):
        model = HistGradientBoostingClassifier(max_iter=9).fit(frame.to_numpy(), truth(table(200), "texts"))
    from serving.plan.estimator import Shape
    from serving.plan.estimators import gradient

    packed = gradient.write_histogram(model)
    loaded = gradient.load(packed.content, packed.options, Shape(2, 2))
    matrix = frame.to_numpy()
    assert np.isnan(matrix).any()
    np.testing.assert_allclose(loaded.classify(matrix)[1], model.predict_proba(matrix), atol=1e-12)


def test_missing_values_take_the_way_that_forests_learned():
    from serving.plan.estimator import Shape
    from serving.plan.estimators import forest

    matrix = table(200).drop(columns=["city", "colour"]).to_numpy()
    model = RandomForestRegressor(9, random_state=0).fit(matrix, truth(table(200), "regression"))
    loaded = forest.load(forest.write(model).content, {}, Shape(2, 0))
    assert (loaded.estimate(matrix) == model.predict(matrix)).all()


def parity(fitted, name, kind, rows=30):
    model, frame = fitted(name, kind), table(rows)
    return model, as_rows(frame), as_frame(as_rows(frame))


def test_parity_accepts_the_models_own_answers(fitted):
    model, rows, frame = parity(fitted, "lightgbm", "multiclass")
    check(model.plan, rows, model.pipeline.predict(frame), model.pipeline.predict_proba(frame))


def test_parity_accepts_a_model_without_probabilities(fitted):
    model, rows, frame = parity(fitted, "hard_vote", "texts")
    check(model.plan, rows, model.pipeline.predict(frame))


def test_parity_refuses_another_label(fitted):
    model, rows, frame = parity(fitted, "lightgbm", "texts")
    wrong = model.pipeline.predict(frame)
    wrong[3] = "ja" if wrong[3] == "nein" else "nein"
    with pytest.raises(PlanUnsupported, match="for held-out row 3, the model"):
        check(model.plan, rows, wrong)


def test_parity_refuses_a_label_of_another_kind(fitted):
    model, rows, frame = parity(fitted, "logistic", "whole", 5)
    with pytest.raises(PlanUnsupported, match=r"the plan answers [37] for held-out row 0, the model [37]\.0"):
        check(model.plan, rows, model.pipeline.predict(frame).astype(float))


def test_parity_refuses_probabilities_that_are_off(fitted):
    model, rows, frame = parity(fitted, "logistic", "texts", 5)
    with pytest.raises(PlanUnsupported, match=r"probabilities for held-out row \d are off by 2e-06"):
        check(model.plan, rows, model.pipeline.predict(frame), model.pipeline.predict_proba(frame) + 2e-6)


def test_parity_refuses_a_plan_without_the_models_probabilities(fitted):
    model, rows, frame = parity(fitted, "hard_vote", "texts", 5)
    with pytest.raises(PlanUnsupported, match="the plan has no probabilities, the model has"):
        check(model.plan, rows, model.pipeline.predict(frame), np.full((5, 2), 0.5))


def test_parity_refuses_numbers_that_are_off(fitted):
    model, rows, frame = parity(fitted, "ridge", "regression", 5)
    with pytest.raises(PlanUnsupported, match="for held-out row"):
        check(model.plan, rows, model.pipeline.predict(frame) * 1.0001)


def test_parity_looks_at_columns_too(fitted):
    model, rows, frame = parity(fitted, "ridge", "regression", 5)
    plan = model.plan

    class OffByColumns:
        encode = staticmethod(plan.encoders[0].encode)
        encode_columns = staticmethod(lambda columns: plan.encoders[0].encode_columns(columns) + 1)

    off = type(plan)(plan.columns, plan.task, None, (OffByColumns(),), plan.widths, plan.model)
    with pytest.raises(PlanUnsupported, match="for held-out row"):
        check(off, rows, model.pipeline.predict(frame))


def test_a_pandas_frame_with_an_index_of_its_own_changes_nothing(fitted):
    model, rows, frame = parity(fitted, "knn", "texts")
    frame.index = pd.Index(range(100, 130))
    assert model.plan.score(rows).predictions == model.pipeline.predict(frame).tolist()
