"""``/docs``: the API's own documentation page; nothing of it comes from another host."""

from importlib.resources import files

from fastapi import APIRouter, Response

router = APIRouter(prefix="/docs", include_in_schema=False)

STATIC = files("dashboard.api").joinpath("static")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
KINDS = {"html": "text/html", "js": "text/javascript", "css": "text/css"}


@router.get("")
def page() -> Response:
    """Return the page, which reads ``/openapi.json``."""
    return _file("docs.html")


@router.get("/docs.js")
def script() -> Response:
    """Return the page's script."""
    return _file("docs.js")


@router.get("/docs.css")
def style() -> Response:
    """Return the page's style."""
    return _file("docs.css")


def _file(name: str) -> Response:
    body = STATIC.joinpath(name).read_bytes()
    return Response(body, media_type=KINDS[name.rpartition(".")[2]], headers=HEADERS)
