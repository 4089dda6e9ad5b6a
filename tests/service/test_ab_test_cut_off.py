"""An A/B test that was cut off while it was set up leaves its name free."""

import uuid

import pytest

from penstock.people.person import Person
from penstock.problems import Conflict
from penstock.services import traffic
from penstock.traffic.ab_test import AbTestStore
from tests.service.worked_off import run_desk

ANA = Person("ana", is_admin=True)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with run_desk(tmp_path_factory.mktemp("tests")) as made:
        made.client.create_registered_model("m")
        for called in ("1.0.0", "2.0.0"):
            made.client.create_model_version("m", "s3://nowhere/x", tags={"penstock.user_version": called})
        yield made


@pytest.fixture
def name():
    return f"t-{uuid.uuid4().hex[:6]}"


def set_up(desk, name):
    ids = [each.model_id for each in desk.versions.of("m")]
    return traffic.set_up(desk, ANA, model_a_id=ids[0], model_b_id=ids[1], test_name=name, split_ratio=0.5)


def cut_off(*_, **__):
    raise KeyboardInterrupt


@pytest.mark.parametrize("step", ["put", "write_route"])
def test_its_name_can_be_used_again(desk, name, monkeypatch, step):
    with monkeypatch.context() as patch:
        patch.setattr(AbTestStore if step == "put" else traffic, step, cut_off)
        with pytest.raises(KeyboardInterrupt):
            set_up(desk, name)
    desk.routes.forget()
    assert set_up(desk, name).status == "running"


def test_one_whose_name_is_a_route_of_another_leaves_nothing(desk):
    with pytest.raises(Conflict, match="the name 'm' is taken"):
        set_up(desk, "m")
    assert AbTestStore(desk.database).get("m") is None
