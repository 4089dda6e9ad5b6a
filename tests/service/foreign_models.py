"""Pyfuncs whose code misbehaves on demand: the column `length` says how."""

import warnings
from typing import Any

import mlflow
from mlflow import MlflowClient
from mlflow.models import ModelSignature
from mlflow.types.schema import ColSpec, Schema

WELL, EXITS, SEGFAULTS, HANGS, PRINTS, STUCK, EATS, TELLS_PID = range(8)


def body(what: int) -> bytes:
    return b'{"dataframe_records": [{"length": %d, "width": 0}]}' % what


def moody(model_input):
    import ctypes
    import os
    import re
    import time

    what = int(model_input["length"].iloc[0])
    if what == 1:
        os._exit(3)
    if what == 2:
        ctypes.string_at(0)
    if what == 3:
        time.sleep(3600)
    if what == 4:
        print("a model prints")
        os.write(1, b"and writes\n")
    if what == 5:
        re.match("(a*)*b", "a" * 60)  # never ends, and keeps the interpreter for itself
    if what == 6:
        return [str(len(bytearray(8 << 30)))]
    return [str(os.getpid()) if what == 7 else "well"] * len(model_input)


def register_moody(uri: str, name: str, *, stage: str = "Production") -> str:
    return register_pyfunc(uri, name, moody, stage=stage)


def register_pyfunc(uri: str, name: str, model: Any, *, stage: str = "Production", **more: Any) -> str:
    """Register a version whose code is a function or a PythonModel."""
    mlflow.set_tracking_uri(uri)
    inputs = Schema([ColSpec("double", "length"), ColSpec("double", "width")])
    options = {"signature": ModelSignature(inputs, Schema([ColSpec("string")]))} | more
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # wants type hints and an example
        info = mlflow.pyfunc.log_model(
            name="model", python_model=model, pip_requirements=["mlflow"], **options
        )
    client = MlflowClient(uri)
    if not client.search_registered_models(f"name='{name}'"):
        client.create_registered_model(name)
    version = client.create_model_version(name, info.model_uri, model_id=info.model_id).version
    client.transition_model_version_stage(name, version, stage)
    return str(version)


class EndsWhileItLoads(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    """A model that ends the process that loads it."""

    def load_context(self, context: Any) -> None:
        import os

        os._exit(7)

    def predict(self, context, model_input, params=None):
        return model_input
