"""Where the gateway may listen, and with which files."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from serving.callers.loopback import are_status_doors_open
from serving.listening import check_listening
from serving.settings import Settings, SettingsError, load

OPEN = Settings(host="0.0.0.0")


def make_certificate(folder: Path) -> tuple[str, str]:
    cert, key = str(folder / "cert.pem"), str(folder / "key.pem")
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    subject = ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
    subprocess.run([*command, *subject, "-keyout", key, "-out", cert], check=True, capture_output=True)
    return cert, key


def test_beyond_loopback_without_authentication_is_refused_with_what_to_set() -> None:
    with pytest.raises(SettingsError, match="set gateway_auth to 'keys'") as refused:
        check_listening(OPEN)
    assert "not '0.0.0.0', as anybody could call" in str(refused.value)


@pytest.mark.parametrize("auth", ["keys", "mlflow"])
def test_authentication_lets_it_listen_beyond_loopback(auth: str) -> None:
    check_listening(replace(OPEN, gateway_auth=auth))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.9.9.9"])
def test_loopback_needs_none(host: str) -> None:
    check_listening(Settings(host=host))


@pytest.mark.parametrize(
    ("host", "doors", "are_open"),
    [
        ("127.0.0.1", "loopback", True),
        ("0.0.0.0", "loopback", False),
        ("0.0.0.0", "open", True),
        ("127.0.0.1", "guarded", False),
    ],
)
def test_the_status_doors_are_open_on_loopback_or_as_set(host: str, doors: str, are_open: bool) -> None:
    assert are_status_doors_open(Settings(host=host, gateway_status_doors=doors)) is are_open


def test_a_choice_that_is_none_is_refused() -> None:
    with pytest.raises(SettingsError, match="'gateway_auth' must be one of off, keys, mlflow, not 'basic'"):
        load({"PENSTOCK_GATEWAY_AUTH": "basic"})


def test_a_certificate_and_its_key_are_taken(tmp_path: Path) -> None:
    cert, key = make_certificate(tmp_path)
    check_listening(Settings(tls_cert_file=cert, tls_key_file=key))


def test_one_tls_file_alone_is_refused() -> None:
    with pytest.raises(SettingsError, match="'tls_key_file' is set without 'tls_cert_file'; TLS needs both"):
        check_listening(Settings(tls_key_file="key.pem"))


def test_a_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    cert, _ = make_certificate(tmp_path)
    _, key = make_certificate(tmp_path / "other")
    with pytest.raises(SettingsError, match="KEY_VALUES_MISMATCH; the key must be the certificate's"):
        check_listening(Settings(tls_cert_file=cert, tls_key_file=key))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file or directory"):
        check_listening(Settings(tls_cert_file=f"{tmp_path}/no", tls_key_file=f"{tmp_path}/no"))
