"""Projects that several requests make at once, and such as were cut off while they were made."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from penstock.people.person import Level, Person
from penstock.people.rights import OpenRights
from penstock.problems import BadRequest, Conflict
from penstock.services import projects
from projects.requirement.project_folder import project_folder
from tests.service.training_fixtures import answer_of
from tests.service.worked_off import run_desk


class Granted(OpenRights):
    """Only what was granted."""

    def __init__(self):
        self.levels = {}

    def level(self, person, kind, name):
        return self.levels.get((person.name, name), Level.NONE)

    def grant(self, user, kind, name, level):
        self.levels[user, name] = level


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with run_desk(tmp_path_factory.mktemp("making")) as desk:
        yield desk


@pytest.fixture
def desk(made):
    made.rights = Granted()
    return made


@pytest.fixture
def person(request):
    return Person(f"u{abs(hash(request.node.name)) % 10**8}")


def at_once(times, do):
    barrier = Barrier(times)

    def one(_):
        barrier.wait()
        try:
            return do()
        except Conflict as problem:
            return str(problem)

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(one, range(times)))


def test_the_first_requests_of_a_person_all_have_their_default(desk, person):
    found = at_once(4, lambda: projects.own_default(desk, person).path)
    assert found == [f"{person.name}/default"] * 4


def test_of_those_who_make_one_name_at_once_one_does(desk, person):
    found = at_once(3, lambda: projects.make(desk, person, "churn").path)
    refused = "you have a project 'churn' already; choose another name"
    assert sorted(found) == sorted([f"{person.name}/churn", refused, refused])


def test_one_that_was_cut_off_before_its_rights_is_made_again(desk, person, monkeypatch):
    def cut_off(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(desk.rights, "grant", cut_off)
        with pytest.raises(KeyboardInterrupt):
            projects.own_default(desk, person)
    assert desk.projects.get(f"{person.name}/default") is None
    project = projects.own_default(desk, person)
    assert desk.rights.level(person, "experiment", project.experiment_id) == Level.MANAGE


def test_anothers_experiment_of_that_name_is_not_taken(desk, person):
    desk.client.create_experiment(f"{person.name}/churn", tags={"penstock.making": "making 1"})
    for _ in range(2):
        with pytest.raises(Conflict, match="that is not yours; choose another name"):
            projects.make(desk, person, "churn")
    assert desk.projects.listed(person.name) == []


def test_an_experiment_that_came_meanwhile_is_told_in_a_sentence_of_ours(desk, person, monkeypatch):
    path, find = f"{person.name}/churn", desk.client.get_experiment_by_name
    desk.client.create_experiment(path)
    found = iter([None, find(path)])
    monkeypatch.setattr(desk.client, "get_experiment_by_name", lambda _: next(found))
    with pytest.raises(Conflict, match="that is not yours; choose another name"):
        projects.make(desk, person, "churn")


def test_whoever_signs_in_by_an_e_mail_address_has_projects(desk):
    ana = Person("ana.lee@firm.com")
    project = projects.own_default(desk, ana)
    assert (project.path, projects.resolve(desk, ana, "default", Level.EDIT)) == (
        "ana.lee@firm.com/default", project,
    )  # fmt: skip


def test_a_file_in_such_a_folder_is_read(desk):
    project = projects.own_default(desk, Person("ben@firm.com"))
    path = project_folder(desk.settings.projects_dir, project.owner, project.name).root / "data" / "t.csv"
    path.write_text("a,b\n" + "1,2\n3,4\n" * 20)
    assert (
        answer_of("ingest", "--data", str(path.absolute()), "--set", "cleaning.duplicates=keep")["rows"] == 40
    )


def test_a_projects_own_name_takes_no_at(desk, person):
    with pytest.raises(
        BadRequest, match=r"project must be a plain name of letters, digits, '-', '_', '\.' and"
    ):
        projects.make(desk, person, "a@b")
