"""Adding, finding and listing features."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from projects.errors import BadInput
from projects.feature_store.feature import Feature, checked, parse_reference
from projects.feature_store.ledger import FEATURE, KIND, find_ledger, open_ledger
from projects.hints import did_you_mean

NAME, DEFINITION, OWNER = "penstock.feature.name", "penstock.feature.definition", "penstock.feature.owner"
DESCRIPTION = "mlflow.note.content"
USE = "penstock.feature.use."
PAGE = 1000


def add(
    client: Any, name: str, definition: Mapping[str, Any], *, description: str = "", owner: str
) -> Feature:
    """Store a definition as the next version of a feature; the newest version if it is the same.

    Args:
        client: MLflow's.
        name: The feature's, and that of its column.
        definition: As `Feature.definition`.
        description: What it is for.
        owner: Who adds it.

    Raises:
        BadInput: The name or the definition is none.
    """
    plain = checked(name, definition)
    ledger = open_ledger(client)
    newest = max((f for f in features(client) if f.name == name), key=lambda f: f.version, default=None)
    if newest is not None and newest.definition == plain:
        return newest
    tags = {KIND: FEATURE, NAME: name, DEFINITION: json.dumps(plain, sort_keys=True), OWNER: owner}
    if description:
        tags[DESCRIPTION] = description
    run = client.create_run(ledger.experiment_id, tags=tags, run_name=name)
    version = ledger.claim(name, run.info.run_id)
    client.update_run(run.info.run_id, status="FINISHED", name=f"{name}:{version}")
    return Feature(name, version, plain, description, owner, run.info.start_time, run.info.run_id, {})


def features(client: Any) -> tuple[Feature, ...]:
    """Return every version of every feature, by name and version."""
    ledger = find_ledger(client)
    if ledger is None:
        return ()
    runs: dict[str, Any] = {}
    token: str | None = None
    while True:
        page = client.search_runs(
            [ledger.experiment_id], f"tags.`{KIND}` = '{FEATURE}'", max_results=PAGE, page_token=token
        )
        runs |= {run.info.run_id: run for run in page}
        token = page.token
        if not token:
            break
    claims = sorted(ledger.claims().items())
    return tuple(_feature(name, version, runs[run]) for (name, version), run in claims if run in runs)


def resolve(client: Any, references: Sequence[str]) -> tuple[Feature, ...]:
    """Return the features that a requirement names, `name` (the newest version) or `name:version`.

    Raises:
        BadInput: There is none of that name or version, or one name comes twice.
    """
    if not references:
        return ()
    stored = features(client)
    found = [_one(stored, *parse_reference(reference)) for reference in references]
    names = [feature.name for feature in found]
    for name in names:
        if names.count(name) > 1:
            raise BadInput(f"the stored feature '{name}' is asked for twice; name one version of it")
    return tuple(found)


def record_use(
    client: Any, used: Sequence[Feature], statistics: Mapping[str, Mapping[str, Any]], run_id: str
) -> None:
    """Note on each feature what its cells were like in a training.

    Args:
        client: MLflow's.
        used: The features.
        statistics: What `statistics.describe` says of each column, by its name.
        run_id: The training's run.
    """
    for feature in used:
        if feature.name in statistics:
            client.set_tag(feature.run_id, f"{USE}{run_id}", json.dumps(statistics[feature.name]))


def _one(stored: Sequence[Feature], name: str, version: int | None) -> Feature:
    versions = {feature.version: feature for feature in stored if feature.name == name}
    if not versions:
        names = sorted({feature.name for feature in stored})
        there = did_you_mean(name, names) if names else "none is stored yet"
        raise BadInput(f"there is no stored feature '{name}'; {there}")
    if version is None:
        return versions[max(versions)]
    if version not in versions:
        there = ", ".join(map(str, sorted(versions)))
        raise BadInput(f"the stored feature '{name}' has no version {version}; it has {there}")
    return versions[version]


def _feature(name: str, version: int, run: Any) -> Feature:
    tags = run.data.tags
    uses = {key.removeprefix(USE): json.loads(text) for key, text in tags.items() if key.startswith(USE)}
    return Feature(
        name=name,
        version=version,
        definition=json.loads(tags[DEFINITION]),
        description=tags.get(DESCRIPTION, ""),
        owner=tags.get(OWNER, ""),
        created_at=run.info.start_time,
        run_id=run.info.run_id,
        uses=uses,
    )
