"""Beyond loopback somebody must be asked who comes."""

import pytest

from penstock.people.listening import check_listening
from serving.settings import Settings, SettingsError


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.org"])
def test_an_open_door_without_sign_in_is_refused_with_what_to_set(host: str) -> None:
    with pytest.raises(SettingsError, match="set auth to 'mlflow'"):
        check_listening(Settings(host=host))


def test_loopback_sign_in_and_guarded_ports_are_fine() -> None:
    check_listening(Settings())
    check_listening(Settings(host="0.0.0.0", auth="mlflow"))
    check_listening(Settings(host="0.0.0.0", open_host=True))
