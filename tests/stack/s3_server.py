"""An S3 server that takes the arguments and identities of SeaweedFS: moto over HTTP, with its IAM check on.

    python tests/stack/s3_server.py server -s3.port=8333 -s3.ip.bind=127.0.0.1 -s3.config=identities.json ...

So a key that no identity has, or a wrong secret, is refused; what an identity without `Admin` may do is
bounded by its bucket. On SIGUSR1 it goes away, with its port closed, and on SIGUSR2 it is back with all that
it held.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from moto import settings
from moto.iam.models import iam_backends
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import BaseWSGIServer, make_server

ACCOUNT = "123456789012"
"""Moto's own."""

Answering = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def let_in(identities: dict[str, Any]) -> None:
    """Make the users of SeaweedFS' file, with the keys that stand in it."""
    users = iam_backends[ACCOUNT]["aws"]
    for identity in identities["identities"]:
        name = identity["name"]
        users.create_user("us-east-1", name)
        users.put_user_policy(name, "own", json.dumps(_policy(identity["actions"])))
        for credentials in identity["credentials"]:
            key = users.create_access_key(name)
            del users.access_keys[key.access_key_id]
            key.access_key_id, key.secret_access_key = credentials["accessKey"], credentials["secretKey"]
            users.access_keys[key.access_key_id] = key
    settings.INITIAL_NO_AUTH_ACTION_COUNT = 0


def _policy(actions: list[str]) -> dict[str, Any]:
    buckets = sorted({action.partition(":")[2] for action in actions} - {""})
    places = [f"arn:aws:s3:::{bucket}{end}" for bucket in buckets for end in ("", "/*")]
    allowed = [{"Effect": "Allow", "Action": "s3:*", "Resource": places or "*"}]
    makes = [{"Effect": "Deny", "Action": ["s3:CreateBucket", "s3:DeleteBucket"], "Resource": "*"}]
    return {"Version": "2012-10-17", "Statement": allowed if "Admin" in actions else allowed + makes}


def healthy(app: Answering) -> Answering:
    """Answer `/healthz` as SeaweedFS does, and have the others answered."""

    def answering(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/healthz":
            return app(environ, start)
        start("200 OK", [("Content-Length", "0")])
        return []

    return answering


def main(arguments: list[str]) -> None:
    """Serve until a signal ends it."""
    given = dict(each.lstrip("-").split("=", 1) for each in arguments if "=" in each)
    let_in(json.loads(Path(given["s3.config"]).read_text(encoding="utf-8")))
    app = healthy(DomainDispatcherApplication(create_backend_app))
    turn: list[BaseWSGIServer] = []

    def serve(*_: object) -> None:
        server = make_server(
            given["s3.ip.bind"], int(given["s3.port"]), app, threaded=True, request_handler=MotoRequestHandler
        )
        turn.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def go_away(*_: object) -> None:
        server = turn.pop()
        server.shutdown()
        server.server_close()

    signal.signal(signal.SIGUSR1, go_away)
    signal.signal(signal.SIGUSR2, serve)
    serve()
    while True:
        signal.pause()


if __name__ == "__main__":
    os.environ.setdefault("MOTO_ACCOUNT_ID", ACCOUNT)
    main(sys.argv[1:])
