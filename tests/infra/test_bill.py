"""The bills of materials: valid by CycloneDX's own schema, whole, and the same each time."""

import json

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from infra import bill
from infra.lock import IMAGES, pins
from tests.infra.composed import REPO


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bills")
    bill.write(folder)
    return folder


def read(folder, name):
    return (folder / f"penstock-{name}-{bill.version()}.cdx.json").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("name", [*IMAGES, "images"])
def test_a_bill_is_valid_by_cyclonedxs_schema(folder, name):
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(read(folder, name)) is None


@pytest.mark.slow
@pytest.mark.parametrize("name", IMAGES)
def test_an_images_bill_names_every_package_with_its_hashes(folder, name):
    found = json.loads(read(folder, name))["components"]
    told = {each["name"]: each["version"] for each in found}
    locked = pins((REPO / "infra/docker" / f"{name}.lock").read_text())
    assert locked.items() <= told.items()
    assert all(each["externalReferences"][0]["hashes"] for each in found)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*IMAGES, "images"])
def test_nothing_in_a_bill_comes_from_the_clock_or_from_chance(folder, name):
    found = json.loads(read(folder, name))
    assert "serialNumber" not in found
    assert "timestamp" not in found["metadata"]


def test_the_images_of_others_are_named_by_digest():
    purls = {each["name"]: each["purl"] for each in bill.of_images()["components"]}
    assert set(purls) == {
        "python", "postgres", "redis", "chrislusf/seaweedfs", "prom/prometheus", "prom/alertmanager",
        "grafana/grafana",
    }  # fmt: skip
    assert purls["python"].startswith("pkg:docker/python@sha256%3A")
    assert purls["redis"] == "pkg:docker/redis@8.6.6-alpine"


def test_an_image_without_a_tag_is_refused():
    with pytest.raises(ValueError, match="an image must be pinned, as NAME:TAG@sha256:DIGEST, not 'redis'"):
        bill._container("redis")
