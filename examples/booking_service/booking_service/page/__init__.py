"""The page on which people choose their seats."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import Response

_FOLDER = Path(__file__).parent
_FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page/style.css": ("style.css", "text/css; charset=utf-8"),
    "/page/house.js": ("house.js", "text/javascript; charset=utf-8"),
    "/page/sale.js": ("sale.js", "text/javascript; charset=utf-8"),
    "/page/icon.svg": ("icon.svg", "image/svg+xml"),
}


def install(app: FastAPI) -> None:
    """Have the app send the page; its files are read once."""
    for path, (name, kind) in _FILES.items():
        _send(app, path, (_FOLDER / name).read_bytes(), kind)


def _send(app: FastAPI, path: str, content: bytes, kind: str) -> None:
    @app.get(path, include_in_schema=False)
    async def file() -> Response:
        return Response(content, media_type=kind, headers={"Cache-Control": "no-cache"})
