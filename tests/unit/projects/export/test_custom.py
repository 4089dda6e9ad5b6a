"""A person's own functions go along where their source is at hand; where not, the export says so."""

import importlib
import sys

import pytest

from projects.export import custom
from projects.export.export import export_origin
from projects.requirement.model import FeatureSection
from tests.service.training_fixtures import town
from tests.unit.projects.export.export_fixtures import fitted, town_features, version_of

HELPER = "def twice(numbers):\n    return numbers * 2\n"
FUNCTION = (
    "import numpy as np\n\nfrom town_sizes import twice\n\n\n"
    "def sizes(frame):\n    return frame.assign(root=np.sqrt(twice(frame['größe'].abs())))\n"
)


@pytest.fixture
def module(tmp_path, monkeypatch):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "town_sizes.py").write_text(HELPER, encoding="utf-8")
    (folder / "town_features.py").write_text(FUNCTION, encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder))
    importlib.invalidate_caches()
    yield folder
    for name in ("town_features", "town_sizes"):
        sys.modules.pop(name, None)


@pytest.fixture
def origin(module):
    assert module.is_dir()
    frame = town(240)
    features, truth = town_features(frame), frame["kept"].to_numpy()
    section = FeatureSection(custom=("town_features.sizes",))
    model = fitted(["decision_tree"], "binary", features, truth, section)
    return version_of(model, features, "binary", truth, "decision_tree",
                      modules=("town_features", "town_sizes"))  # fmt: skip


def test_a_function_goes_along_with_what_it_imports(origin, warm, tmp_path):
    made = export_origin(origin, tmp_path / "out", places=warm.for_these)
    assert made.is_complete
    assert {"town_features.py", "town_sizes.py"} <= set(made.files)
    assert made.proof.difference == 0
    assert made.proof.learned_difference == 0


def test_a_function_that_was_changed_stays_in_the_model_and_is_named(origin, module, warm, tmp_path):
    changed = FUNCTION.replace("np.sqrt", "np.cbrt")
    (module / "town_features.py").write_text(changed, encoding="utf-8")
    importlib.invalidate_caches()
    made = export_origin(origin, tmp_path / "out", places=warm.for_these)
    assert not made.is_complete
    (said,) = made.lacking
    assert said.startswith("the function town_features.sizes is in the saved model alone")
    assert said.endswith("town_features.py has been changed since the version was trained")
    assert made.proof.difference == 0
    assert "cloudpickle==" in (tmp_path / "out" / "requirements.txt").read_text("utf-8")
    assert (
        "Not in this export: the function town_features.sizes" in (tmp_path / "out" / "README.md").read_text()
    )


def test_a_function_whose_module_is_gone_is_named(origin, module, warm, tmp_path):
    (module / "town_features.py").unlink()
    sys.modules.pop("town_features", None)
    importlib.invalidate_caches()
    made = export_origin(origin, tmp_path / "out", places=warm.for_these)
    assert "the module town_features is not on this machine's path" in made.lacking[0]
    assert "was not trained anew" in (tmp_path / "out" / "README.md").read_text("utf-8")


def test_a_module_called_like_a_file_of_the_export_is_named(origin, module, warm, tmp_path, monkeypatch):
    monkeypatch.setattr("projects.export.custom.TAKEN", ("town_features",))
    assert module.is_dir()
    made = export_origin(origin, tmp_path / "out", places=warm.for_these)
    assert made.lacking[0].endswith("the export has a file of its own called town_features")
    assert "town_features.py" not in made.files


@pytest.fixture
def package(tmp_path):
    """A package whose module imports of its neighbours and of a module beside the package."""
    texts = {
        "shop/__init__.py": "",
        "shop/own.py": "import beside\nfrom . import near\nfrom .deep import far\nfrom .near import one\n",
        "shop/near.py": "one = 1\n",
        "shop/deep/__init__.py": "",
        "shop/deep/far.py": "from ..above import two\n",
        "shop/above.py": "two = 2\n",
        "shop/not_wanted.py": "",
        "beside.py": "",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


OF_THE_PACKAGE = {
    "shop/__init__.py", "shop/own.py", "shop/near.py", "shop/deep/__init__.py", "shop/deep/far.py",
    "shop/above.py",
}  # fmt: skip


def test_relative_imports_go_along(package):
    files = custom._with_local_imports("shop.own", package / "shop" / "own.py")
    assert set(files) == {*OF_THE_PACKAGE, "beside.py"}


def test_of_what_is_installed_its_own_package_goes_along_alone(package, monkeypatch):
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(package))
    files = custom._with_local_imports("shop.own", package / "shop" / "own.py")
    assert set(files) == OF_THE_PACKAGE
