"""The entry point `news`: the raw file of headlines becomes a version in the registry, by `main`.

The requirement beside this module says what is wanted; a spec of your own takes its place. The version's
policy trains it again when 200 more articles are labelled, and on Sundays at 2:00.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from projects.counted import counted
from projects.errors import BadInput
from projects.requirement.parameters import SET, SPEC
from projects.requirement.read import read_requirement
from projects.steps.command import Asked, Option, Step, whole
from projects.steps.main import STEP as MAIN
from serving.settings import Settings

REQUIREMENT = Path(__file__).with_name("requirement.yaml")
FOLDER = Path("examples", "news")
"""Where the table goes, in the var folder."""
PARAMETERS = ("data", "name", "gate", "tune_seconds", "candidates", "stage", "seed", "user", "project")
MOST_ARTICLES = 10_000_000


def _train(asked: Asked, settings: Settings) -> Mapping[str, object]:
    from projects.examples.news.prepare import prepare

    raw = asked.given.get("data", "")
    if not raw:
        raise BadInput("name the raw file of headlines with -P data=FILE")
    most = whole(asked, "articles", MOST_ARTICLES, low=1, high=MOST_ARTICLES)
    made = prepare(Path(raw), settings.var_dir.absolute() / FOLDER, articles=most)
    asked.say(f"{counted(made.articles, 'article')} of {raw} in {made.path}")
    for why, lines in made.left_out.items():
        asked.say(f"{counted(lines, 'line', 'is')} left out: {why}")
    spec = asked.given.get(SPEC, str(REQUIREMENT))
    given = {name: text for name, text in asked.given.items() if name in (*PARAMETERS, SET)}
    requirement = read_requirement(spec=spec, parameters=given | {"data": str(made.path)})
    return MAIN.work(replace(asked, requirement=requirement), settings)


STEP = Step(
    name="news",
    description="Sort news by category: the raw file of headlines becomes a registered version.",
    parameters=PARAMETERS,
    work=_train,
    options=(Option("articles", "how many articles are taken, from the first on; by default all"),),
)
