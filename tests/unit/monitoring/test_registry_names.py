"""Names that MLflow takes, and the sentence for names it does not know."""

from monitoring.places import version_dir
from monitoring.registry import metric_names, unknown_model


def test_letters_that_mlflow_refuses_are_replaced():
    assert metric_names(["a/b", "ä", "..", "mean radius"]) == {
        "a/b": "column_drift/a_b",
        "ä": "column_drift/_",
        "..": "column_drift/__2",
        "mean radius": "column_drift/mean radius",
    }


def test_no_two_columns_share_a_metric():
    assert len(set(metric_names(["a/b", "a:b", "a_b", "A_b"]).values())) == 4


def test_long_names_are_cut():
    assert all(len(name) <= 250 for name in metric_names(["x" * 500, "x" * 501]).values())


def test_a_near_name_is_offered():
    assert str(unknown_model("brest_cancer", ["breast_cancer", "churn"])) == (
        "there is no registered model 'brest_cancer'; did you mean 'breast_cancer'?"
    )


def test_without_a_near_name_the_registered_are_listed():
    assert str(unknown_model("x", ["breast_cancer", "churn"])) == (
        "there is no registered model 'x'; registered are 'breast_cancer', 'churn'"
    )


def test_an_empty_registry_is_said():
    assert str(unknown_model("x", [])) == "there is no registered model 'x'; none is registered"


def test_every_version_has_its_own_folder(tmp_path):
    names = ["a", "a/b", "..", "a%2Fb", "é" * 200, "é" * 201]
    folders = {version_dir(tmp_path, name, "1") for name in names}
    assert len(folders) == len(names)
    assert all(tmp_path in folder.parents and ".." not in folder.parts for folder in folders)
