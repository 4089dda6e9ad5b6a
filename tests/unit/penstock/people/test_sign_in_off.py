"""Without sign-in it is the local person, and no stranger's page."""

from pathlib import Path

import pytest

from penstock.desk import Desk
from penstock.people.sign_in import SignIn, session_cookie, session_token
from penstock.problems import NotAllowed
from serving.lifecycle.person import user
from serving.settings import Settings

HERE = {"host": "127.0.0.1:8080"}


@pytest.fixture
def signing(tmp_path: Path) -> SignIn:
    return SignIn(Desk(Settings(var_dir=tmp_path, database_url=f"sqlite:///{tmp_path}/penstock.db")))


def test_whoever_comes_is_the_local_person_and_may_do_everything(signing: SignIn) -> None:
    person = signing.person(HERE, "127.0.0.1", method="POST")
    assert (person.name, person.is_admin, person.key) == (user(), True, None)
    assert signing.known(HERE, "127.0.0.1") == person


def test_a_strange_host_and_a_strange_origin_are_refused(signing: SignIn) -> None:
    with pytest.raises(NotAllowed, match=r"evil\.example"):
        signing.person({"host": "evil.example"}, "127.0.0.1")
    with pytest.raises(NotAllowed, match=r"evil\.example"):
        signing.known(HERE | {"origin": "http://evil.example"}, "127.0.0.1", method="POST")


def test_where_the_port_is_guarded_by_others_the_host_is_theirs_to_judge(tmp_path: Path) -> None:
    settings = Settings(var_dir=tmp_path, database_url=f"sqlite:///{tmp_path}/p.db", open_host=True)
    assert SignIn(Desk(settings)).person({"host": "penstock.example"}, "10.0.0.1").is_admin


def test_a_cookie_of_a_session_is_for_this_site_and_no_script() -> None:
    told = session_cookie("token", lasts_s=60.0, is_secure=True)
    assert told == "penstock_session=token; HttpOnly; Max-Age=60; Path=/; SameSite=Strict; Secure"
    assert "Secure" not in session_cookie("token", lasts_s=60.0, is_secure=False)
    assert "Max-Age=0" in session_cookie("", lasts_s=60.0, is_secure=False)


@pytest.mark.parametrize(
    ("cookie", "token"),
    [
        ("penstock_session=abc", "abc"),
        ("a=b; penstock_session=abc; c=d", "abc"),
        ("a=b", ""),
        ("", ""),
        ("=;;\x01", ""),
    ],
)
def test_a_session_is_read_from_the_cookie(cookie: str, token: str) -> None:
    assert session_token({"cookie": cookie}) == token
