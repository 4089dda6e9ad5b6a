"""Moves in a registry that MLflow keeps on PostgreSQL."""

import pytest
from mlflow import MlflowClient

from serving.lifecycle.registry import Registry
from tests.service.postgres_server import postgres_server, postgres_url  # noqa: F401 - fixtures

pytestmark = pytest.mark.slow


def test_a_version_that_moves_to_production_archives_the_one_there(postgres_url: str) -> None:  # noqa: F811
    client = MlflowClient(postgres_url)
    client.create_registered_model("rain")
    for _ in range(3):
        client.create_model_version("rain", "s3://nowhere/x")
    registry = Registry(client)
    for number in ("1", "3", "2"):
        registry.move("rain", number, "Production")
    found = registry.model("rain").versions
    assert {number: version.stage for number, version in found.items()} == {
        "1": "Archived", "2": "Production", "3": "Archived",
    }  # fmt: skip
