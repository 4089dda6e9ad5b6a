"""The commands make a project, say what a file means, and print the schema; each in JSON too."""

import json
from importlib import resources
from pathlib import Path

import pytest
import yaml

from projects.errors import BadInput
from projects.requirement.__main__ import main
from projects.requirement.model import Requirement
from projects.requirement.project_folder import FOLDERS, plain_name, project_folder
from projects.requirement.read import read_requirement
from projects.requirement.schema import requirement_schema, schema_text
from projects.requirement.section import Section
from projects.requirement.templates import NAMES, filled, template
from projects.requirement.wording import known_paths


@pytest.fixture(autouse=True)
def projects(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PENSTOCK_PROJECTS_DIR", str(tmp_path / "projects"))
    return tmp_path / "projects"


def run(capsys, *arguments):
    code = main(arguments)
    said = capsys.readouterr()
    return code, said.out, said.err


def new(capsys, *more, user="ada", project="retention"):
    return run(capsys, "new", "--user", user, "--project", project, *more)


def test_new_makes_the_whole_folder(projects, capsys):
    code, said, _ = new(capsys, "--template", "churn")
    root = projects / "ada" / "retention"
    assert code == 0
    assert sorted(path.name for path in root.iterdir() if path.is_dir()) == sorted(FOLDERS)
    assert (root / "config" / "requirement.yaml").is_file()
    assert "- [ ] Put the data at" in (root / "to_user_tasks.md").read_text(encoding="utf-8")
    assert f"-P spec={root}/config/requirement.yaml" in said


@pytest.mark.parametrize("name", NAMES)
def test_every_template_becomes_a_requirement(projects, capsys, name):
    code, _, _ = new(capsys, "--template", name, "--data", "my data.csv", "--objective", 'predict "x"')
    path = projects / "ada" / "retention" / "config" / "requirement.yaml"
    found = read_requirement(spec=str(path))
    assert code == 0
    assert (found.user, found.project_name, found.data_source) == ("ada", "retention", "my data.csv")
    assert found.objective == 'predict "x"'
    assert "# " in path.read_text(encoding="utf-8")


def test_new_does_not_overwrite(projects, capsys):
    new(capsys)
    path = projects / "ada" / "retention" / "config" / "requirement.yaml"
    path.write_text("target: mine", encoding="utf-8")
    code, _, said = new(capsys)
    assert code == 2
    assert "the project has a requirement already" in said
    assert path.read_text(encoding="utf-8") == "target: mine"


def test_new_in_json(projects, capsys):
    code, said, _ = new(capsys, "--json")
    data = json.loads(said)
    assert code == 0
    assert data["folder"] == str(projects / "ada" / "retention")
    assert {"section", "text"} == set(data["tasks"][0])


@pytest.mark.parametrize(
    "name",
    [
        "../ada",
        "..",
        ".",
        "a/b",
        "a\\b",
        "",
        "  ",
        "/etc",
        "-rf",
        ".hidden",
        "a\x00b",
        "a\nb",
        "ada..x",
        "x" * 65,
        "CON",
        "nul.txt",
        "ada.",
        "a:b",
        "~root",
        "$HOME",
        "\N{FULLWIDTH SOLIDUS}x",
        "a%2fb",
    ],
)
def test_a_name_that_is_a_path_is_refused(projects, name):
    for user, project in ((name, "p"), ("u", name)):
        with pytest.raises(BadInput, match="must be a plain name of letters"):
            project_folder(projects, user, project)


@pytest.mark.parametrize("name", ["ada", "Ada Lovelace", "team-7", "v1.2", "Zoë", "日本", "a_b"])
def test_plain_names_pass(name):
    assert plain_name(f" {name} ", "user") == name


def test_a_file_in_the_way_is_named(projects, capsys):
    projects.mkdir()
    (projects / "ada").write_text("", encoding="utf-8")
    code, _, said = new(capsys)
    assert code == 2
    assert "is a file where a folder must be; move it away" in said


def test_an_unknown_template_is_refused(projects, capsys):
    code, said, _ = new(capsys, "--template", "chrn", "--json")
    assert code == 2
    assert json.loads(said)["error"]["code"] == "unknown_template"
    assert json.loads(said)["error"]["fix"] == "did you mean 'churn'?"
    assert not projects.exists()


def test_check_says_what_a_file_means(tmp_path, capsys):
    path = tmp_path / "a.yaml"
    path.write_text(
        "objective: Predict which customers will churn in next 30 days\ntarget_metric: AUC > 0.85\n"
        "deployment: Production API serving 100k requests/day\ndata_source: /path/to/messy/data/\n",
        encoding="utf-8",
    )
    code, said, _ = run(capsys, "check", str(path))
    assert code == 0
    for line in (
        "The data is read from /path/to/messy/data/.",
        "The task is classification: 'which' asks for a class.",
        "It looks 30 days ahead ('in next 30 days').",
        "A version must reach roc_auc > 0.85 to go to Staging.",
        "'100k requests / day' is 100,000 requests a day, 1.16 a second on average.",
        "- Put the data at `/path/to/messy/data/`, where there is none",
    ):
        assert line in said


def test_check_in_json_holds_requirement_and_policy(capsys):
    code, said, _ = run(capsys, "check", "--objective", "predict churn", "--seed", "9", "--json")
    data = json.loads(said)
    assert code == 0
    assert data["requirement"]["seed"] == 9
    assert data["policy"]["format"] == 1


def test_check_never_shows_a_password(tmp_path, capsys):
    path = tmp_path / "a.yaml"
    path.write_text("data_source: {url: 'postgresql://ada:secret@db/x', table: t}", encoding="utf-8")
    for more in ((), ("--json",)):
        assert "secret" not in run(capsys, "check", str(path), *more)[1]


def test_check_fails_in_json_too(capsys):
    code, said, _ = run(capsys, "check", "gone.yaml", "--json")
    assert code == 2
    assert set(json.loads(said)["error"]) == {"code", "cause", "fix", "message"}


def test_a_wrong_setting_is_said(monkeypatch, capsys):
    monkeypatch.setenv("PENSTOCK_PROJECTZ_DIR", "x")
    code, _, said = new(capsys)
    assert code == 2
    assert "PENSTOCK_PROJECTZ_DIR" in said


def test_schema_is_printed(capsys):
    code, said, _ = run(capsys, "schema")
    assert code == 0
    assert json.loads(said) == requirement_schema()


def test_the_committed_schema_is_the_generated_one():
    file = resources.files("projects.requirement") / "requirement.schema.json"
    assert file.read_text(encoding="utf-8") == schema_text()


def test_every_key_is_described():
    def described(model):
        for name, field in model.model_fields.items():
            inner = field.annotation
            if isinstance(inner, type) and issubclass(inner, Section):
                assert inner.__doc__
                described(inner)
            else:
                assert field.description, f"{model.__name__}.{name}"

    described(Requirement)


@pytest.mark.parametrize("name", NAMES)
def test_templates_name_only_known_keys_in_their_comments_too(name):
    lines = template(name).splitlines()
    commented = [
        line.strip(" #").partition(":")[0]
        for line in lines
        if line.strip().startswith(("# target:", "# metric:"))
    ]
    assert set(commented) <= set(known_paths())
    assert yaml.safe_load("\n".join(lines))["objective"]


def test_values_that_look_like_groups_are_filled_in_as_they_are():
    assert filled('user: ""', {"user": r"\1 \g<0>"}) == 'user: "\\\\1 \\\\g<0>"'


def test_project_folder_is_not_made_by_asking(projects):
    assert project_folder(projects, "ada", "p").root == Path(projects) / "ada" / "p"
    assert not projects.exists()
