"""The console's own files: a fixed list, by names that change with their content."""

from collections.abc import Mapping

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from penstock.console.page import PageRoute
from penstock.console.templating import ROOM
from penstock.problems import NotFound

router = APIRouter(route_class=PageRoute)
FILES: Mapping[str, str] = {
    "console.css": "text/css; charset=utf-8",
    "console.js": "text/javascript; charset=utf-8",
    "vendor/htmx.min.js": "text/javascript; charset=utf-8",
    "vendor/VENDORED.txt": "text/plain; charset=utf-8",
}
YEAR = "public, max-age=31536000, immutable"


@router.get("/static/{name:path}")
def file(request: Request, name: str) -> Response:
    """One of them; nobody need be known for it."""
    kind = FILES.get(name)
    if kind is None:
        raise NotFound(f"there is no file '{name:.80}'; open the overview")
    kept = YEAR if "v" in request.query_params else "no-cache"
    return FileResponse(ROOM / "static" / name, media_type=kind, headers={"Cache-Control": kept})
