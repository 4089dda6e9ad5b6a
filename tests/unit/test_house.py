"""The house's own rules: who may import whom, and that every third-party import is a declared dependency."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

REPO = Path(__file__).parents[2]
PAGE = (REPO / "ARCHITECTURE.md").read_text(encoding="utf-8")
ROOMS = ("projects", "serving", "monitoring", "infra", "penstock")
CONTRACTS = ("serving.plan", "serving.lifecycle", "serving.prediction_log", "serving.settings")
CALLERS = "serving.callers"
"""Who asks, and what they may read: one answer at every door."""
MAY_IMPORT = {
    "projects": CONTRACTS,
    "monitoring": (*CONTRACTS, CALLERS, "serving.processes"),
    "infra": ("serving.settings", "serving.lifecycle", "serving.prediction_log", CALLERS),
    "serving": (),
    "penstock": ("projects", "serving", "monitoring"),
}
FACE = "penstock"
"""Its `__init__.py` alone may hold more than its docstring: the names that it fetches when they are used."""
DISTRIBUTIONS = {
    "opentelemetry": "opentelemetry-sdk",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
    "xgboost": "xgboost-cpu",
}
COME_WITH = {
    "markupsafe": "jinja2",
    "packaging": "mlflow",
    "starlette": "fastapi",
    "matplotlib": "mlflow",
    "cloudpickle": "mlflow",
    "joblib": "scikit-learn",
    "transformers": "sentence-transformers",
    "urllib3": "requests",
    "scipy": "scikit-learn",
    "thinc": "spacy",
    "threadpoolctl": "scikit-learn",
    "annotated_types": "pydantic",
    "pydantic_core": "pydantic",
    "botocore": "boto3",
}


def sources(room: str) -> list[Path]:
    return sorted((REPO / room).rglob("*.py"))


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} imports relatively"
            found.add(f"{node.module}.{node.names[0].name}" if node.module == "serving" else str(node.module))
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_from_others_only_what_the_contracts_allow(room: str) -> None:
    allowed = MAY_IMPORT[room]
    strangers = [
        f"{path.relative_to(REPO)}: {name}"
        for path in sources(room)
        for name in imports(path)
        if name.split(".")[0] in ROOMS and name.split(".")[0] != room
        if not any(name == contract or name.startswith(f"{contract}.") for contract in allowed)
    ]
    assert strangers == []


@pytest.mark.parametrize("room", ROOMS)
def test_the_architecture_tells_who_may_import_whom(room: str) -> None:
    (told,) = re.findall(rf"^\| `{room}/` \| .+ \| (.+) \|$", PAGE, re.MULTILINE)
    named = re.sub(r"the (four )?contracts", ", ".join(f"`{name}`" for name in CONTRACTS), told)
    assert set(re.findall(r"`([\w.]+)`", named)) == set(MAY_IMPORT[room])


@pytest.mark.parametrize("room", [room for room in ROOMS if room != "infra"])
def test_the_architecture_names_each_rooms_rooms(room: str) -> None:
    rooms = {path.parent.name for path in (REPO / room).glob("*/__init__.py")}
    assert rooms - set(re.findall(r"`(\w+)/`", PAGE)) == set()


@pytest.mark.parametrize("room", ROOMS)
def test_every_third_party_import_is_declared(room: str) -> None:
    project = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [lines for extra, lines in project["optional-dependencies"].items() if extra != "dev"]
    declared = {Requirement(line).name for lines in (project["dependencies"], *extras) for line in lines}
    tops = {name.split(".")[0] for path in sources(room) for name in imports(path)}
    foreign = tops - set(ROOMS) - set(sys.stdlib_module_names)
    undeclared = {
        top
        for top in foreign
        if (DISTRIBUTIONS.get(top) or COME_WITH.get(top) or top.replace("_", "-")) not in declared
    }
    assert undeclared == set()


def test_packages_hold_no_logic_in_their_init() -> None:
    with_code = [
        path
        for room in ROOMS
        for path in (REPO / room).rglob("__init__.py")
        if path != REPO / FACE / "__init__.py"
        if any(not isinstance(node, ast.Expr) for node in ast.parse(path.read_text(encoding="utf-8")).body)
    ]
    assert with_code == []


def test_the_face_imports_nothing_of_the_rooms_until_a_name_is_used() -> None:
    code = "import sys, penstock; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    said = subprocess.run([sys.executable, "-c", code], cwd=REPO, capture_output=True, text=True, check=True)
    assert set(said.stdout.split()) & {*ROOMS, "mlflow", "pandas"} == {FACE}


@pytest.mark.parametrize("room", ROOMS)
def test_nobody_is_told_to_install_penstock_by_its_name(room: str) -> None:
    # No index holds it: a package of that name there would be a stranger's.
    told = [
        str(path)
        for path in sources(room)
        if re.search(r"pip install ['\"]?penstock", path.read_text("utf-8"))
    ]
    assert told == []
