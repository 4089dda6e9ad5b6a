"""Which addresses of the stack are asked whether they answer, and how."""

import ssl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import pytest

from penstock.api import status as ready
from penstock.command import stack
from serving.settings import Settings
from tests.unit.serving.test_listening import make_certificate


class Healthy(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def settings(tmp_path):
    """Those of a server with a certificate of its own, which only they name."""
    cert, key = make_certificate(tmp_path)
    server = HTTPServer(("127.0.0.1", 0), Healthy)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Settings(tls_cert_file=cert, tls_key_file=key, gateway_port=server.server_port, mlflow_port=1)
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_command_sees_a_gateway_with_its_own_certificate(settings):
    address = dict(stack._addresses(settings))["gateway"]
    assert stack._looked("gateway", address, settings).is_open


def test_readiness_sees_a_gateway_with_its_own_certificate(settings):
    desk = SimpleNamespace(settings=settings, database=Broken())
    assert ready._parts(desk)["gateway"]


class Broken:
    def begin(self, **_):
        raise ready.Problem("away")


@pytest.mark.parametrize(("host", "told"), [("::1", "[::1]"), ("0.0.0.0", "127.0.0.1"), ("10.0.0.5",) * 2])
def test_servers_are_asked_where_they_listen(host, told):
    addresses = dict(stack._addresses(Settings(host=host)))
    assert {name: url for name, url in addresses.items() if name != "MLflow"} == {
        "gateway": f"http://{told}:8000",
        "monitor": f"http://{told}:9101",
        "API and console": f"http://{told}:8080",
    }
