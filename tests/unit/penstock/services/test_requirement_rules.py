import pytest

from penstock.people.person import Person
from penstock.problems import NotAllowed
from penstock.services.requirement_rules import check_places
from projects.requirement.model import Requirement

SOURCES = ("s3://lake/", "postgresql://db/sales")
ADA = Person("ada")


def check(has_data=True, person=ADA, **given):
    check_places(Requirement.model_validate(given), SOURCES, person, has_data=has_data)


@pytest.mark.parametrize(
    "place",
    [
        "/etc/passwd",
        "var/projects/eve/default/data/x.csv",
        "s3://lake-private/x.csv",
        "s3://lake/../other/x.csv",
        "s3://lake/%2E%2e/x.csv",
        "runs:/0123456789abcdef0123456789abcdef",
        "sklearn:iris",
        "file:///etc/passwd",
        "",
    ],
)
def test_a_place_that_is_not_open_is_refused(place):
    with pytest.raises(NotAllowed, match="upload the data, and name it by dataset_id"):
        check(has_data=False, data_source=place)


def test_one_place_of_several_that_is_not_open_is_refused():
    with pytest.raises(NotAllowed, match="'/etc/shadow'"):
        check(has_data=False, data_source=["s3://lake/a.csv", "/etc/shadow"])


def test_an_open_place_is_taken():
    check(has_data=False, data_source="s3://lake/2026/*.csv")


def test_a_database_is_taken_by_its_address():
    check(has_data=False, data_source={"url": "postgresql://db/sales?sslmode=require", "table": "orders"})


@pytest.mark.parametrize(
    "url", ["sqlite:////srv/penstock.db", "postgresql://db/sales?password=${AWS_SECRET}"]
)
def test_another_database_and_the_servers_secrets_are_refused(url):
    with pytest.raises(NotAllowed):
        check(has_data=False, data_source={"url": url, "table": "orders"})


def test_a_password_is_refused_as_what_is_asked_for_is_written_down():
    with pytest.raises(NotAllowed, match=r"data_source holds a password, .* leave it out") as caught:
        check(has_data=False, data_source={"url": "postgresql://db/sales?password=s3cret", "table": "orders"})
    assert "s3cret" not in str(caught.value)


def test_a_password_is_not_told_back():
    with pytest.raises(NotAllowed) as caught:
        check(has_data=False, data_source={"url": "mysql://ada:secret@db/x", "table": "t"})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        {"features": {"custom": ["os.system"]}},
        {"features": {"store": ["ratio"]}},
        {"features": {"text": {"rules": "/etc/passwd"}}},
        {"features": {"text": {"word2vec": "vectors.bin"}}},
        {"features": {"text": {"sentence_model": "../eve/model"}}},
        {"features": {"text": {"entities": "/srv/pipeline"}}},
        {"cleaning": {"plan": "plan.yaml"}},
        {"cleaning": {"approve": "ask"}},
        {"tuning": {"resume": "eves"}},
        {"batch": {"data": "s3://lake/a.csv", "output": "/etc/cron.d/x", "schedule": "0 6 * * *"}},
    ],
)
def test_files_and_code_of_the_servers_are_refused(given):
    with pytest.raises(NotAllowed):
        check(**given)


def test_an_administrator_may_use_the_feature_store():
    check(person=Person("root", is_admin=True), features={"store": ["ratio"]})


def test_installed_packages_may_be_named():
    check(features={"text": {"sentence_model": "my_sentences", "entities": "en_core_web_sm"}})


def test_a_cluster_that_is_not_open_is_refused():
    with pytest.raises(NotAllowed, match=r"names the cluster 'tcp://10\.0\.0\.1:8786'"):
        check(compute="tcp://10.0.0.1")


def test_an_open_cluster_is_taken():
    wanted = Requirement.model_validate({"compute": "dask: tcp://dask"})
    check_places(wanted, SOURCES, ADA, has_data=True, clusters=("tcp://dask:8786",))
