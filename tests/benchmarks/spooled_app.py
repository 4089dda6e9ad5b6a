"""The peer of the upload benchmark: FastAPI's own `UploadFile`, copied to its place."""

import os
import shutil
from pathlib import Path

from fastapi import FastAPI, UploadFile


def create_app() -> FastAPI:
    """An application that takes a file into the folder of its environment."""
    app = FastAPI()
    folder = Path(os.environ["UPLOADS"])

    @app.post("/upload")
    def upload(file: UploadFile) -> dict[str, int]:
        with (folder / "peer.csv").open("wb") as target:
            shutil.copyfileobj(file.file, target)
        return {"size_bytes": (folder / "peer.csv").stat().st_size}

    return app
