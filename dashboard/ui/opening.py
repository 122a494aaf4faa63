"""Open a page: which desk, from where, and for whom."""

from datetime import date, datetime, time
from urllib.parse import urlsplit

import panel as pn
from bokeh.document import Document

from dashboard.auth.accounts import OWNER
from dashboard.core.clock import IST
from dashboard.core.errors import TeziError
from dashboard.core.market import Source
from dashboard.pipeline.desk import Desk
from dashboard.ui.api_address import api_address
from dashboard.ui.phrases import to_json
from dashboard.ui.runtime import get_runtime
from dashboard.ui.signin.visits import Visitor
from dashboard.ui.visit import Visit

LOGOUT = "/logout"
ACCOUNT = "/account"

# What the page is before its script has run: sized for the screen, in the kept theme.
HEAD = """{% block preamble %}
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="/signin/icon.svg" type="image/svg+xml">
<style>html { background: #0A0D13 } html[data-theme=light] { background: #EDF0F5 }</style>
<script>
  try { document.documentElement.dataset.theme = localStorage.getItem("tezi-theme") || "dark" }
  catch { document.documentElement.dataset.theme = "dark" }
</script>
{% endblock %}"""


def open_visit(document: Document, visitor: Visitor) -> pn.viewable.Viewable:
    """Return the page of a new visit.

    The address may name a moment: ``/app?day=2026-08-18&at=13:42``.
    """
    document.template = HEAD
    document.template_variables.update(app_favicon="", apple_icon="")
    room = get_runtime().room
    try:
        desk, own = _asked_for(document) or room.first_desk()
    except TeziError as error:
        return pn.pane.HTML(f"<main style='font:16px sans-serif;padding:24px'>{error}</main>")
    who = {
        "name": visitor.name,
        "initials": _initials(visitor.name),
        "detail": visitor.role,
        "logout": LOGOUT,
        "xsrf": "",
        "account": ACCOUNT,
        "links": _links(visitor, _host(document)),
    }
    operations = get_runtime().operations
    visit = Visit(
        document,
        room.desks,
        to_json(who),
        desk,
        own=own,
        operations=operations.status if operations else lambda: None,
        role=visitor.role,
    )
    return visit.view


def _links(visitor: Visitor, host: str) -> list[dict[str, str]]:
    """Return where the visitor's menu leads beside the rooms of the page."""
    links = [
        {"text": "Account", "to": ACCOUNT, "key": "g a"},
        {"text": "API keys", "to": f"{ACCOUNT}/keys"},
    ]
    if visitor.role == OWNER:
        links += [
            {"text": "Users", "to": f"{ACCOUNT}/users"},
            {"text": "Audit", "to": f"{ACCOUNT}/audit"},
        ]
    api = api_address(get_runtime().api, host)
    if api is not None:
        links.append({"text": "API documentation", "to": f"{api}/docs"})
    return links


def _host(document: Document) -> str:
    """Return the host at which the page was asked for, without its port."""
    context = document.session_context
    headers = context.request.headers if context and context.request else {}
    return urlsplit(f"//{headers.get('Host', '')}").hostname or ""


def _initials(name: str) -> str:
    parts = name.replace(".", " ").replace("_", " ").split()
    return "".join(part[0] for part in parts[:2]).upper() or "?"


def _asked_for(document: Document) -> tuple[Desk, bool] | None:
    """Return the replay that the address asks for, None if it asks for nothing."""
    context = document.session_context
    words = context.request.arguments if context and context.request else {}
    text = {name: values[0].decode() for name, values in words.items() if values}
    if "day" not in text:
        return None
    room = get_runtime().room
    try:
        day = date.fromisoformat(text["day"])
        at = time.fromisoformat(text["at"]) if "at" in text else None
    except ValueError:
        return None
    source = room.store.day(day, Source.MOCK if text.get("source") == "MOCK" else None).source
    when = datetime.combine(day, at, tzinfo=IST) if at else None
    return room.open_replay(day, source, when), True
