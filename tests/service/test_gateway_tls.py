"""The gateway over TLS: it answers, keeps connections, and loses no request when its workers are reloaded."""

import signal
import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from mlflow import MlflowClient

from serving.lifecycle.canary.gateways import metrics_address, read_all
from serving.lifecycle.errors import LifecycleError
from serving.settings import Settings
from tests.service.gateway_fixtures import BODY, JSON, Gateway, Load, read_answer, run_gateway
from tests.service.gateway_models import register
from tests.unit.serving.test_listening import make_certificate

MODEL = "gateway-tls"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: Any) -> Settings:
    cert, key = make_certificate(tmp_path_factory.mktemp("tls"))
    return Settings(tls_cert_file=cert, tls_key_file=key)


@pytest.fixture(scope="module")
def gateway(
    mlflow_server: Any, free_port: Any, tmp_path_factory: Any, certificate: Settings
) -> Iterator[Gateway]:
    version = register(mlflow_server.uri, MODEL, label="yes")
    MlflowClient(mlflow_server.uri).transition_model_version_stage(MODEL, version, "Production")
    cert, key = certificate.tls_cert_file, certificate.tls_key_file
    settings = {"tls_cert_file": cert, "tls_key_file": key, "gateway_workers": 2}
    folder = tmp_path_factory.mktemp("tls-gateway")
    with run_gateway(mlflow_server.uri, folder, free_port(), **settings) as running:
        running.wait_for(MODEL)
        yield running


def test_it_answers_over_one_kept_connection(gateway: Gateway) -> None:
    connection = gateway.connect()
    statuses = []
    for _ in range(3):
        connection.request("POST", f"/models/{MODEL}/invocations", BODY, JSON)
        statuses.append(read_answer(connection).status)
        assert connection.sock is not None
    connection.close()
    assert statuses == [200, 200, 200]


def test_a_models_own_call_is_shown_as_https(gateway: Gateway) -> None:
    assert (
        f"https://127.0.0.1:{gateway.port}/models/" in gateway.call("GET", f"/models/{MODEL}").json()["curl"]
    )


def test_its_counts_are_read_with_its_own_certificate(gateway: Gateway, certificate: Settings) -> None:
    settings = replace(certificate, gateway_port=gateway.port)
    address = metrics_address(settings)
    assert "penstock_requests_in_flight" in read_all(settings, [address])[address]
    with pytest.raises(LifecycleError, match="CERTIFICATE_VERIFY_FAILED"):
        read_all(Settings(), [address])


def test_plain_http_gets_no_answer(gateway: Gateway) -> None:
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=5) as plain:
        plain.sendall(b"GET /health HTTP/1.1\r\nHost: h\r\n\r\n")
        assert b"200 OK" not in plain.recv(1024)


def test_a_reload_under_keep_alive_load_loses_no_request(gateway: Gateway) -> None:
    with Load(gateway, MODEL, clients=4) as load:
        before = set(gateway.workers())
        load.wait_for(200)
        gateway.process.send_signal(signal.SIGHUP)
        gateway.wait_until(lambda: before.isdisjoint(gateway.workers()))
        load.wait_for(len(load.answers) + 200)
    assert load.failures == []
