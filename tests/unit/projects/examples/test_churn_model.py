"""Features, model, files and answers: from notes to a prediction for a list of records."""

import json
import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import StandardScaler

from projects.errors import BadInput
from projects.examples.churn.columns import NUMBERS
from projects.examples.churn.config import read_config
from projects.examples.churn.customers import generate_customers
from projects.examples.churn.embeddings import generate_embeddings
from projects.examples.churn.export import load_model_and_assets, save_model_and_metadata
from projects.examples.churn.factories import EmbeddingFactory, SummaryFactory
from projects.examples.churn.features import prepare_features, split_data
from projects.examples.churn.figures import draw_figures
from projects.examples.churn.fitting import evaluate, train
from projects.examples.churn.interpretation import added_by_notes, interpret, telling_words
from projects.examples.churn.prediction import predict_new_data
from projects.examples.churn.summaries import generate_summaries

WIDTH = {"dimensions": 64}
FIRST = [*NUMBERS, "plan_type_encoded", "0", "1"]


@pytest.fixture(scope="module")
def customers():
    return generate_customers(1800, 2, gaps=0)


@pytest.fixture(scope="module")
def frame(customers, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    summed = generate_summaries(customers.frame, SummaryFactory(), folder / "s.csv")
    return generate_embeddings(summed, EmbeddingFactory("extractive", WIDTH), folder / "e.csv")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def features(frame, models):
    return prepare_features(frame, models)


@pytest.fixture(scope="module")
def parts(features):
    return split_data(*features)


@pytest.fixture(scope="module")
def model(parts, models):
    X_train, X_val, _, y_train, y_val, _ = parts
    fitted = train(X_train, X_val, y_train, y_val)
    save_model_and_metadata(fitted, X_train, read_config(None), models)
    return fitted


@pytest.fixture
def answer(model, models):
    _, scaler, names = load_model_and_assets(models)

    def predict(records, **options):
        return predict_new_data(
            records, SummaryFactory(), EmbeddingFactory("extractive", WIDTH), scaler, names, models, **options
        )

    return predict


def test_features_are_numbers_plan_and_embedding(features):
    X, y = features
    assert list(X.columns)[:6] == FIRST
    assert X.shape == (1800, 4 + 64)
    assert set(y) == {0, 1}


def test_numbers_are_scaled_by_the_training_rows_alone(frame, parts):
    raw = frame.loc[parts[0].index, list(NUMBERS)].astype(float)
    wanted = StandardScaler().fit(raw)
    test = frame.loc[parts[2].index, list(NUMBERS)].astype(float)
    np.testing.assert_allclose(parts[2][list(NUMBERS)], wanted.transform(test))


def test_numbers_stay_as_they_are_where_that_is_asked_for(frame, tmp_path):
    X, _ = prepare_features(frame, tmp_path, {"model": {"scale_features": False}})
    assert X.age.tolist() == frame.age.tolist()
    assert not (tmp_path / "scaler.pkl").exists()


def test_the_plan_is_encoded_by_the_file_beside(features, frame, models):
    encoder = joblib.load(models / "label_encoder.pkl")
    assert encoder.inverse_transform(features[0].plan_type_encoded).tolist() == frame.plan_type.tolist()


def test_the_features_names_are_written(features, models):
    assert (models / "feature_names.txt").read_text().split() == list(features[0].columns)


def test_the_parts_are_shares_of_all_rows_and_alike(parts):
    assert [len(part) for part in parts[:3]] == [1080, 360, 360]
    assert [part.mean() for part in parts[3:]] == pytest.approx([parts[3].mean()] * 3, abs=0.01)


def test_the_parts_share_no_row(parts):
    assert sorted(at for part in parts[:3] for at in part.index) == list(range(1800))


@pytest.mark.parametrize(("left", "said"), [(0, "0 customers left"), (4, "4 customers left and 36 stayed")])
def test_too_few_of_one_kind_are_refused(left, said):
    y = np.array([1] * left + [0] * (40 - left))
    with pytest.raises(BadInput, match=said):
        split_data(pd.DataFrame({"age": y}), y)


def test_parts_that_leave_no_rows_are_refused(features):
    with pytest.raises(BadInput, match="leave no rows to learn from"):
        split_data(*features, {"test_size": 0.6, "validation_size": 0.4})


def test_the_model_is_better_than_chance_and_no_better_than_the_truth(model, parts, customers):
    scores = evaluate(model, parts[2], parts[5])
    assert 0.6 < scores["roc_auc"] < customers.best_auc()[1] + 0.06


@pytest.mark.parametrize(
    ("chosen", "files"),
    [
        ("json", {"xgb_churn_model.json"}),
        ("pickle", {"xgb_churn_model.pkl"}),
        ("both", {"xgb_churn_model.json", "xgb_churn_model.pkl"}),
    ],
)
def test_the_model_is_saved_in_the_formats_asked_for(model, parts, tmp_path, chosen, files):
    assert save_model_and_metadata(model, parts[0], {"model": {"save_format": chosen}}, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {*files, "metadata.json"}


@pytest.mark.parametrize("chosen", ["json", "pickle"])
def test_a_loaded_model_answers_as_the_fitted_one(model, parts, frame, tmp_path, chosen):
    prepare_features(frame, tmp_path)
    save_model_and_metadata(model, parts[0], {}, tmp_path, chosen)
    loaded, scaler, names = load_model_and_assets(tmp_path)
    assert names == list(parts[0].columns)
    assert isinstance(scaler, StandardScaler)
    np.testing.assert_array_equal(loaded.predict_proba(parts[2]), model.predict_proba(parts[2]))


def test_json_is_the_default(model, models):
    assert (models / "xgb_churn_model.json").is_file()
    assert not (models / "xgb_churn_model.pkl").exists()


def test_the_metadata_says_how_it_was_made(model, models):
    known = json.loads((models / "metadata.json").read_text())
    assert set(known) == {"model_save_format", "feature_names", "model_params", "config", "embedding_dim"}
    assert known["embedding_dim"] == 64
    assert known["model_save_format"] == "json"
    assert known["model_params"]["max_depth"] == 3
    assert known["config"]["data"]["batch_size"] == 10


def test_providers_settings_stay_out_of_the_metadata(model, parts, tmp_path):
    save_model_and_metadata(
        model, parts[0], read_config({"providers": {"openai": {"key": "hush"}}}), tmp_path
    )
    assert "hush" not in (tmp_path / "metadata.json").read_text()


def test_an_unknown_format_is_refused(model, parts, tmp_path):
    with pytest.raises(BadInput, match=r"there is no save_format 'pickel'; did you mean 'pickle'\?"):
        save_model_and_metadata(model, parts[0], {}, tmp_path, "pickel")


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"holds no feature_names.txt"):
        load_model_and_assets(tmp_path)


def test_many_records_are_answered_as_the_rows_they_are(answer, model, features, frame):
    rows = frame.head(50)
    wanted = model.predict_proba(features[0].head(50))[:, 1]
    assert answer(rows.to_dict("records"), probabilities=True) == pytest.approx(wanted.tolist(), abs=1e-6)


def test_answers_are_zeros_and_ones(answer, frame):
    assert set(map(type, answer(frame.head(30).to_dict("records")))) == {int}
    assert set(answer(frame.head(200).to_dict("records"))) == {0, 1}


def test_the_plan_s_code_does_as_well_as_its_name(answer, frame, features):
    named = frame.head(5).to_dict("records")
    coded = [
        {**record, "plan_type_encoded": int(features[0].plan_type_encoded[at])}
        for at, record in enumerate(named)
    ]
    for record in coded:
        del record["plan_type"]
    assert answer(coded, probabilities=True) == answer(named, probabilities=True)


def test_many_records_are_embedded_by_few_calls_of_a_bounded_size(model, models, frame):
    sizes = []

    class Counting(EmbeddingFactory):
        def get_embeddings(self, text):
            sizes.append(len(text))
            return super().get_embeddings(text)

    _, scaler, names = load_model_and_assets(models)
    records = frame.head(250).to_dict("records")
    llm = Counting("extractive", WIDTH)
    assert len(predict_new_data(records, SummaryFactory(), llm, scaler, names, models)) == 250
    assert sorted(sizes) == [50, 100, 100]


def test_no_records_have_no_answers(answer):
    assert answer([]) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"age": None}, "'age' must be a number >= 0; record 1 has None"),
        ({"spend_rate": -5}, "'spend_rate' must be a number >= 0; record 1 has -5"),
        (
            {"plan_type": "gold"},
            "record 1 has no known 'plan_type' but 'gold'; there are basic, premium, standard",
        ),
        (
            {"plan_type_encoded": 9},
            "'plan_type_encoded' of record 1 is 9; 0 is basic, 1 is premium, 2 is standard",
        ),
    ],
)
def test_a_wrong_record_is_named(answer, frame, change, said):
    records = frame.head(3).to_dict("records")
    records[1] |= change
    with pytest.raises(BadInput) as refused:
        answer(records)
    assert said in str(refused.value)


def test_a_record_without_a_value_is_named(answer, frame):
    records = frame.head(1).drop(columns="tenure").to_dict("records")
    with pytest.raises(BadInput, match="record 0 has no 'tenure'"):
        answer(records)


def test_an_embedding_of_another_width_is_refused(model, models, frame):
    _, scaler, names = load_model_and_assets(models)
    narrow = EmbeddingFactory("extractive", {"dimensions": 32})
    with pytest.raises(BadInput, match="the model was fitted on 68 features and these records have 36"):
        predict_new_data(frame.head(2).to_dict("records"), SummaryFactory(), narrow, scaler, names, models)


def test_both_figures_are_written(model, parts, tmp_path):
    found = draw_figures(model, parts[2], parts[5], tmp_path)
    assert [path.name for path in found] == ["roc_curve.png", "feature_importance.png"]
    assert all(path.read_bytes()[:4] == b"\x89PNG" for path in found)


def test_the_notes_known_signal_is_found(features):
    added = added_by_notes(*features)
    assert added.low > 0
    assert "the notes help" in added.sentence


def test_notes_that_say_nothing_add_nothing(features):
    X, y = features
    shuffled = X.copy()
    notes = X.columns[4:]
    shuffled[notes] = X[notes].sample(frac=1, random_state=1).to_numpy()
    added = added_by_notes(shuffled, y)
    assert added.low < 0 < added.high or added.high < 0
    assert "no more than chance explains" in added.sentence


def test_the_interpretation_shares_out_all_gain(frame, features, model):
    found = interpret(frame, *features, model)
    assert sum(value for name, value in found["gain"].items() if name != "top") == pytest.approx(1)
    assert json.loads(json.dumps(found)) == found


def test_words_of_leavers_and_stayers_are_told():
    texts = pd.Series(["cancelled the contract", "thanked the technician"] * 30)
    leaving, staying = telling_words(texts, np.array([1, 0] * 30))
    assert set(leaving) == {"cancelled", "contract"}
    assert set(staying) == {"thanked", "technician"}


def test_a_pickled_model_needs_xgboost_and_no_penstock(model, parts, tmp_path):
    save_model_and_metadata(model, parts[0], {}, tmp_path, "pickle")
    assert b"projects." not in (tmp_path / "xgb_churn_model.pkl").read_bytes()
    assert pickle.loads((tmp_path / "xgb_churn_model.pkl").read_bytes()).n_features_in_ == 68
