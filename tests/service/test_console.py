"""The console in a real browser: from a file to a live A/B split, by mouse and keys, on desk and phone."""

import csv
import io
import itertools
import os
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import pick_free_port, stop_group
from tests.service.browser import CHROMIUM, DESK, PHONE, Tab, browsing
from tests.service.gateway_fixtures import REPO
from tests.service.html_checks import faults_of
from tests.service.platform_fixtures import Platform, run_platform

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]
ROWS = 1200
LONG_S = 600.0
"""For a job, where many share the machine."""


@dataclass
class Journey:
    """A person at the console."""

    platform: Platform
    tab: Tab
    pictures: Path
    dataset: str = ""

    def open(self, path: str) -> None:
        self.tab.open(self.platform.url + path)

    def look(self, name: str) -> None:
        """See that the page that stands there is sound at both widths, and keep its pictures."""
        assert faults_of(f"<!doctype html>{self.tab.html}") == [], name
        assert self.tab.nameless() == [], name
        self.tab.looks_like(self.pictures / f"{name}.png", DESK)
        assert self.tab.overflow() == [], name
        self.tab.looks_like(self.pictures / f"{name}-phone.png", PHONE)
        assert self.tab.overflow() == [], f"{name} on a phone"
        self.tab.resize(DESK)


@pytest.fixture(scope="module")
def platform(mlflow_server, tmp_path_factory):
    watching = {"monitor_port": pick_free_port(), "monitor_interval_s": 1, "monitor_min_rows": 20,
                "monitor_window_rows": 20, "evidently_url": "http://127.0.0.1:1/evidently",
                "grafana_url": "http://127.0.0.1:1/grafana"}  # fmt: skip
    var_dir = tmp_path_factory.mktemp("platform")
    with run_platform(mlflow_server.uri, var_dir, with_gateway=True, **watching) as running:
        yield running


@pytest.fixture(scope="module")
def monitor(platform):
    with (platform.var_dir / "monitor.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "monitoring", "loop"],
            cwd=REPO, env=platform.environ, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    yield process
    stop_group(process)


@pytest.fixture(scope="module")
def journey(platform, tmp_path_factory):
    pictures = Path(os.environ.get("CONSOLE_PICTURES") or tmp_path_factory.mktemp("pictures"))
    with browsing(tmp_path_factory.mktemp("browser")) as tab:
        yield Journey(platform, tab, pictures)


@pytest.fixture(scope="module")
def table(shared_data, tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "telco <script>.csv"
    with (shared_data / "tabular/telco_customer_churn.csv").open() as whole, path.open("w") as some:
        csv.writer(some).writerows(itertools.islice(csv.reader(whole), ROWS + 1))
    return path


@pytest.fixture(scope="module")
def dataset(journey, table):
    """A file that was brought by hand."""
    tab = journey.tab
    journey.open("/")
    journey.look("overview-empty")
    tab.click("Upload data", "link")
    tab.wait_path("/upload")
    tab.attach("File", table)
    tab.wait_text("0.17 MB.", "0.16 MB.", "MB.")
    journey.look("upload")
    tab.click("Upload", "button")
    tab.wait_path("/datasets/")
    tab.wait_text("What next", patience_s=LONG_S)
    tab.wait_text("Female")
    return tab.path


@pytest.fixture(scope="module")
def wished(journey, dataset):
    """The job of a requirement in one sentence; it runs while others do."""
    tab = journey.tab
    journey.open(dataset)
    tab.click("Say what you want", "link")
    tab.wait_path("/requirement")
    tab.fill("In one sentence", "I want to predict which customers will churn")
    tab.fill("Model", "telco-wish")
    tab.click("An own size", "radio")
    tab.fill("Own size", "600")
    journey.look("requirement-filled")
    tab.click("Start", "button")
    tab.wait_path("/jobs/")
    return tab.path


@pytest.fixture(scope="module")
def grown(journey, dataset):
    """The job that trains the later challenger; it runs while others do."""
    tab = journey.tab
    journey.open(f"{dataset}/train?algorithm=xgboost&target_column=Churn")
    tab.fill("Hyperparameters", "learning_rate = 0.05\nmax_depth = 4")
    tab.click("Train", "button")
    tab.wait_path("/jobs/")
    return tab.path


@pytest.fixture(scope="module")
def best(journey, dataset, grown):
    """The best of three algorithms, by the recommendation's button."""
    tab = journey.tab
    journey.open(dataset)
    tab.click("Compare models", "link")
    tab.wait_path(f"{dataset}/compare")
    tab.choose("Column to predict", "Churn")
    for name in ("logistic", "decision tree", "naive bayes"):
        tab.click(name, "checkbox")
    journey.look("compare")
    tab.click("Compare", "button")
    tab.wait_path("/jobs/")
    journey.look("job-running")
    tab.wait_text("did best", "failed", patience_s=LONG_S)
    journey.look("compared")
    return re.search(r"(\w+) did best", tab.text)[1]


@pytest.fixture(scope="module")
def champion(journey, best):
    """A version in Production, trained and promoted by hand."""
    tab = journey.tab
    tab.click(f"Train {best}", "link")
    tab.wait_path("/datasets/")
    journey.look("train")
    tab.click("Train", "button")
    tab.wait_path("/jobs/")
    deploy(journey, "1.0.0")
    tab.click("Promote version 1.0.0", "link")
    tab.wait_text("It answers all")
    tab.fill("Comment", "the best of three")
    journey.look("promote")
    tab.click("Promote", "button")
    tab.wait_text("The version is in Production.")
    return tab.path


@pytest.fixture(scope="module")
def challenger(journey, grown, champion):
    """Another version of the same model, staged."""
    journey.open(grown)
    deploy(journey, "1.1.0")
    journey.look("model")
    return champion


def deploy(journey: Journey, version: str) -> None:
    tab = journey.tab
    tab.wait_text("Deploy it", "It failed", patience_s=LONG_S)
    journey.look(f"trained-{version}")
    tab.fill("Model", "telco-churn")
    tab.fill("Version", version)
    tab.click("Deploy", "button")
    tab.wait_path("/models/telco-churn")
    tab.wait_text("The model has a new version.")


def test_a_data_set_tells_its_columns_and_first_rows(journey, dataset):
    journey.open(dataset)
    journey.tab.wait_text("Female")
    for word in ("MonthlyCharges", "telco <script>", "1,200"):
        assert word in journey.tab.text
    journey.look("dataset")


def test_losses_are_seen_while_a_job_runs(journey, wished):
    journey.open(wished)
    journey.tab.wait_text("Loss so far", "It took", patience_s=LONG_S)
    journey.look("job-curves")
    assert journey.tab.evaluate("document.querySelectorAll('figure.chart path').length") > 0


def test_the_comparison_recommends(journey, best):
    assert best in ("logistic", "decision_tree", "naive_bayes")


def test_the_champion_is_in_production(journey, champion):
    assert [each["version"] for each in deployed(journey, "production")] == ["1.0.0"]


def test_the_split_is_set_by_keys_alone(journey, challenger):
    tab = journey.tab
    journey.open(f"{challenger}/route")
    tab.choose("Challenger", "2")
    focus(tab, "slider Share of Production, in %, as a slider")
    for _ in range(30):
        tab.press("ArrowLeft")
    assert "Production 70 %, the challenger 30 %" in tab.text
    journey.look("route")
    focus(tab, "button Set the split")
    tab.press("Enter")
    tab.wait_text("The route is set")
    variants = journey.platform.get("/api/ml/routes/telco-churn").json()["route"]["variants"]
    assert {name: each["weight"] for name, each in variants.items()} == {"champion": 70, "challenger": 30}


def test_a_split_is_set_without_scripts(journey, challenger):
    tab = journey.tab
    tab.send("Emulation.setScriptExecutionDisabled", value=True)
    journey.open(f"{challenger}/route")
    is_hidden = tab.evaluate("document.querySelector('#share-slide').hidden")
    tab.fill("Share of Production, in %", "80")
    tab.click("Set the split", "button")
    tab.wait_text("The route is set")
    tab.send("Emulation.setScriptExecutionDisabled", value=False)
    variants = journey.platform.get("/api/ml/routes/telco-churn").json()["route"]["variants"]
    assert (is_hidden, variants["challenger"]["weight"]) == (True, 20)


def test_an_ab_test_shows_its_figures_as_they_come(journey, challenger, table, monitor):
    tab = journey.tab
    journey.open("/tests/new")
    tab.fill("Name", "nightly")
    tab.fill("Share of A, in %", "60")
    journey.look("test-new")
    tab.click("Begin the test", "button")
    tab.wait_path("/tests/nightly")
    predictions(journey, table, 100)
    tab.wait_text("With known outcome")
    tab.until(lambda: counted(tab) == 100, "100 counted requests")
    journey.look("test")


def test_a_wrong_share_is_told_beside_the_form(journey, challenger):
    tab = journey.tab
    journey.open("/tests/nightly")
    tab.evaluate("document.querySelector('#share').form.noValidate = true")
    tab.fill("Share of A, in %", "170")
    tab.click("Set the split", "button")
    tab.wait_text("split_ratio must be the share of model A")
    assert tab.evaluate("document.querySelector('#share').value") == "170"
    tab.complaints = [each for each in tab.complaints if "422" not in each]


def test_the_overview_asks_the_monitor(journey, monitor):
    journey.open("/")
    journey.tab.wait_text("Nothing alarms.", "drift", "Drift", "Quality low")


def test_a_promoted_challenger_is_rolled_back(journey, challenger):
    tab = journey.tab
    journey.open(challenger)
    tab.click("Promote version 1.1.0", "link")
    tab.wait_text("It answers all")
    tab.click("Promote", "button")
    tab.wait_text("The version is in Production.")
    assert [each["version"] for each in deployed(journey, "production")] == ["1.1.0"]
    tab.click("Roll back", "link")
    tab.wait_text("answers again")
    journey.look("rollback")
    tab.click("Roll back", "button")
    tab.wait_text("The version before is in Production again.")
    assert [each["version"] for each in deployed(journey, "production")] == ["1.0.0"]
    journey.open(f"{challenger}/history")
    assert "rollback" in tab.text


def test_a_sentence_becomes_a_model(journey, wished):
    tab = journey.tab
    journey.open(wished)
    tab.wait_text("The model that came of it", "It failed", "Why it", patience_s=LONG_S)
    journey.look("wished")
    assert "Best model: " in tab.text
    tab.click("The model that came of it", "link")
    tab.wait_path("/versions/")
    assert "telco-wish" in tab.text


@pytest.mark.parametrize(("path", "name"), [("/", "overview"), ("/models/telco-churn/route", "route")])
def test_a_page_is_drawn_by_night(journey, challenger, path, name):
    journey.open(path)
    journey.tab.looks_like(journey.pictures / f"{name}-dark.png", DESK, dark=True)
    ground = journey.tab.evaluate("getComputedStyle(document.body).backgroundColor")
    journey.tab.send("Emulation.setEmulatedMedia", features=[])
    assert ground == "rgb(15, 19, 24)"


def test_a_large_file_is_announced_before_it_is_sent(journey, tmp_path):
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate(81_000_000)
    journey.open("/upload")
    journey.tab.attach("File", large)
    journey.tab.wait_text("81.0 MB. That is large")


PLACES = {
    "overview": "/", "projects": "/projects", "project-new": "/projects/new", "datasets": "/datasets",
    "jobs": "/jobs", "models": "/models", "tests": "/tests", "history": "/history", "keys": "/keys",
    "usage": "/usage", "requirement": "/requirement", "model-history": "/models/telco-churn/history",
}  # fmt: skip


def test_a_file_that_is_no_table_is_told_with_what_to_do(journey, tmp_path):
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8)
    tab = journey.tab
    journey.open("/upload")
    tab.attach("File", tmp_path / "photo.png")
    tab.click("Upload", "button")
    tab.wait_text("could not be made", "What next", patience_s=LONG_S)
    journey.look("dataset-failed")
    assert "This data set could not be made. " in tab.text
    assert "Traceback" not in tab.text
    tab.click("Look at its log", "link")
    tab.wait_path("/jobs/")
    journey.look("job-failed")


@pytest.mark.parametrize("name", PLACES)
def test_every_page_is_sound(journey, challenger, name):
    journey.open(PLACES[name])
    journey.look(name)


def test_the_version_shows_its_card_and_pictures(journey, challenger):
    journey.open(challenger)
    journey.tab.click("Version 1.0.0", "link")
    journey.tab.wait_path("/versions/")
    journey.tab.wait_text("Model card")
    journey.tab.evaluate("document.querySelectorAll('img').forEach((each) => { each.loading = 'eager' })")
    missing = "[...document.images].filter((each) => !each.naturalWidth).length"
    journey.tab.until(lambda: journey.tab.evaluate(missing) == 0, "all pictures")
    assert journey.tab.evaluate("document.images.length") > 3
    journey.look("version")


def test_a_version_becomes_code_to_download(journey, platform, challenger):
    journey.open(challenger)
    journey.tab.click("Version 1.0.0", "link")
    journey.tab.wait_path("/versions/")
    journey.tab.click("Export as code", "button")
    journey.tab.wait_path("/jobs/")
    journey.tab.wait_text("Download the code", patience_s=LONG_S)
    journey.look("export")
    archive = zipfile.ZipFile(io.BytesIO(platform.get(f"{journey.tab.path}/export").body))
    assert "best_model.py" in {name.rpartition("/")[2] for name in archive.namelist()}


def test_the_project_holds_all_of_it(journey, challenger):
    journey.open(f"/projects/{journey.platform.get('/api/ml/projects').json()[0]['owner']}/default")
    journey.look("project")
    for word in ("telco <script>", "Train: xgboost", "telco-churn"):
        assert word in journey.tab.text


def test_the_first_key_leads_to_the_content(journey):
    journey.open("/")
    journey.tab.press("Tab")
    assert journey.tab.focused == "link Skip to the content"
    outline = journey.tab.evaluate("(({outlineStyle, outlineWidth}) => [outlineStyle, outlineWidth])"
                                   "(getComputedStyle(document.activeElement))")  # fmt: skip
    assert outline == ["solid", "3px"]
    journey.tab.press("Enter")
    journey.tab.press("Tab")
    assert journey.tab.focused == "link Upload data"


def test_the_upload_form_is_walked_in_its_order(journey):
    journey.open("/upload")
    focus(journey.tab, "button File")
    order = []
    for _ in range(6):
        journey.tab.press("Tab")
        order.append(journey.tab.focused)
    assert order == [
        "combobox Project", "textbox Name", "textbox Column to predict",
        "radio Automatic: all up to 100,000, else a tenth and at most 100,000", "spinbutton Own size",
        "button Upload",
    ]  # fmt: skip


def test_drift_and_quality_are_told_and_drawn(journey, challenger, monitor):
    tab = journey.tab
    tab.until(lambda: charts_of(journey, challenger) > 1, "two watched versions", LONG_S)
    journey.open(f"{challenger}/drift")
    journey.look("drift")
    assert re.search(r"Share of drifted columns: \S+ % to \S+ %, from .* UTC to .* UTC", tab.text)
    assert "Version 1.0.0, " in tab.text
    links = "[...document.querySelectorAll('main .links a')].map((each) => each.textContent)"
    assert tab.evaluate(links) == ["The monitor", "MLflow", "Evidently", "Grafana"]


def test_the_browser_had_nothing_to_complain_about(journey, challenger):
    assert journey.tab.complaints == []


def focus(tab: Tab, wanted: str) -> None:
    """Go on by the Tab key until the focus is there."""
    seen = []
    for _ in range(80):
        if wanted in (now := tab.focused) or now == wanted:
            return
        seen.append(now)
        tab.press("Tab")
    raise AssertionError(f"'{wanted}' is not reached by keys; there were {seen}")


def charts_of(journey: Journey, model: str) -> int:
    return journey.platform.get(f"{model}/drift").body.decode().count("<figcaption>Share of drifted columns")


def counted(tab: Tab) -> int:
    return sum(int(each) for each in re.findall(r"Requests\n(\d+)", tab.text))


def predictions(journey: Journey, table: Path, count: int) -> None:
    rows = csv.DictReader(table.read_text().splitlines())
    for user, row in enumerate(itertools.islice(rows, count)):
        features = {name: as_read(text) for name, text in row.items() if name != "Churn"}
        asked = {"ab_test_name": "nightly", "features": features, "user_id": f"user-{user}"}
        answer = journey.platform.post("/api/ml/models/predict", asked)
        assert answer.status == 200, answer.body


def as_read(text: str) -> str | float:
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else text


def deployed(journey: Journey, status: str) -> list[dict[str, object]]:
    return list(
        journey.platform.get(f"/api/ml/models/deployed?name=telco-churn&status={status}").json()["models"]
    )
