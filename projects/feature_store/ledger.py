"""The place of the features in MLflow: one experiment, whose ledger run says which version is which run.

The ledger's parameters are the claims, `NAME:VERSION` with the id of the run that holds the definition. A
parameter of MLflow can be written once and never changed, by however many writers: so two of them can never
both have a version, and a version never becomes another.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from projects.errors import BadInput

EXPERIMENT = "penstock features"
KIND = "penstock.kind"
LEDGER, FEATURE = "feature ledger", "feature"
PATIENCE_S = 10.0
"""How long the ledger of an experiment that another writer has just made is waited for."""


@dataclass(frozen=True)
class Ledger:
    """The claims.

    Attributes:
        client: MLflow's.
        experiment_id: The features' experiment.
        run_id: The ledger's run.
    """

    client: Any
    experiment_id: str
    run_id: str

    def claims(self) -> dict[tuple[str, int], str]:
        """Return the run of every version of every feature."""
        params = self.client.get_run(self.run_id).data.params
        parted = ((key.rpartition(":"), run) for key, run in params.items())
        return {(name, int(version)): run for (name, _, version), run in parted}

    def claim(self, name: str, run_id: str) -> int:
        """Take the next free version of a feature for a run; return it."""
        from mlflow.exceptions import MlflowException

        version = max((number for known, number in self.claims() if known == name), default=0)
        while True:
            version += 1
            try:
                self.client.log_param(self.run_id, f"{name}:{version}", run_id)
            except MlflowException as error:
                if error.error_code != "INVALID_PARAMETER_VALUE":
                    raise
            else:
                return version


def find_ledger(client: Any) -> Ledger | None:
    """Return the ledger; None if no feature was ever stored.

    Raises:
        BadInput: Its experiment was deleted.
    """
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is None:
        return None
    if experiment.lifecycle_stage != "active":
        raise BadInput(
            f"the experiment '{EXPERIMENT}' that holds the features was deleted; restore it with"
            f" `mlflow experiments restore --experiment-id {experiment.experiment_id}`"
        )
    run_id = _oldest(client, experiment.experiment_id)
    return None if run_id is None else Ledger(client, experiment.experiment_id, run_id)


def open_ledger(client: Any, *, sleep: Callable[[float], None] = time.sleep) -> Ledger:
    """Return the ledger, made if need be.

    Args:
        client: MLflow's.
        sleep: Waits between looks for a ledger that another writer is making.

    Raises:
        BadInput: Its experiment was deleted.
    """
    from mlflow.exceptions import MlflowException

    found = find_ledger(client)
    if found is not None:
        return found
    try:
        experiment_id = client.create_experiment(EXPERIMENT)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
        for _ in range(int(PATIENCE_S / 0.2)):
            found = find_ledger(client)
            if found is not None:
                return found
            sleep(0.2)
        experiment_id = client.get_experiment_by_name(EXPERIMENT).experiment_id  # its maker died
    run = client.create_run(experiment_id, tags={KIND: LEDGER}, run_name="ledger")
    client.set_terminated(run.info.run_id)
    return Ledger(client, experiment_id, _oldest(client, experiment_id) or run.info.run_id)


def _oldest(client: Any, experiment_id: str) -> str | None:
    runs = client.search_runs(
        [experiment_id], f"tags.`{KIND}` = '{LEDGER}'", max_results=10,
        order_by=["attributes.start_time ASC", "attributes.run_id ASC"],
    )  # fmt: skip
    return runs[0].info.run_id if runs else None
