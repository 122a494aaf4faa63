"""Who opened a socket: by header, by the page's cookie, or by the first message."""

import asyncio
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from dashboard.api.callers import COOKIE, KEY_HEADER, identify, is_ours
from dashboard.api.problems import Problem
from dashboard.api.stream import codes
from dashboard.api.stream.client import shown_in
from dashboard.api.stream.codes import Fault, Refusal
from dashboard.api.stream.forms import Form
from dashboard.api.stream.limits import SIGN_IN_S
from dashboard.api.stream.messages import read_message
from dashboard.api.stream.socket import Socket
from dashboard.auth.identity import Identity, Scope

if TYPE_CHECKING:
    from dashboard.api.stream.room import StreamRoom

IN_URL = "desk"  # all that belongs there
FIRST = 'Sign in first: {"action": "auth", "token": ...} or "key"'
MOST_REASON = 120  # bytes; a close frame has 123


async def sign_in(socket: Socket, room: "StreamRoom") -> Identity:
    """Return who may read over this socket.

    Raises
    ------
    Refusal
        Where nobody may.
    """
    _refuse_secrets_in_url(socket)
    _refuse_other_sites(socket, room)
    try:
        identity = await _shown(socket, room)
    except Problem as problem:
        code = codes.FORBIDDEN if problem.status == 403 else codes.NOT_SIGNED_IN
        raise Refusal(code, problem.detail) from problem
    if not identity.may(Scope.READ):
        raise Refusal(codes.FORBIDDEN, f"Sockets need the scope {Scope.READ.value}")
    return identity


async def _shown(socket: Socket, room: "StreamRoom") -> Identity:
    websocket = socket.websocket
    scheme, _, token = websocket.headers.get("authorization", "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else None
    key = websocket.headers.get(KEY_HEADER)
    if bearer is not None or key is not None or websocket.cookies.get(COOKIE):
        return await run_in_threadpool(identify, websocket, room.parts, bearer, key)
    return await _in_first_message(socket, room)


async def _in_first_message(socket: Socket, room: "StreamRoom") -> Identity:
    try:
        payload = await asyncio.wait_for(socket.receive(), SIGN_IN_S)
    except TimeoutError as error:
        raise Refusal(codes.TOO_LATE, FIRST) from error
    try:
        message = read_message(payload, Form())
        if message["action"] != "auth":
            raise Refusal(codes.NOT_SIGNED_IN, FIRST)
        return await shown_in(message, socket, room)
    except Fault as fault:
        raise Refusal(codes.NOT_SIGNED_IN, FIRST) from fault


def _refuse_secrets_in_url(socket: Socket) -> None:
    """Refuse whatever else is in the URL: it would be in logs and histories."""
    if set(socket.websocket.query_params) - {IN_URL}:
        raise Refusal(codes.NOT_SIGNED_IN, "Only desk belongs in the URL; a token never does")


def _refuse_other_sites(socket: Socket, room: "StreamRoom") -> None:
    origin = socket.websocket.headers.get("origin")
    if origin is not None and not is_ours(origin, socket.websocket, room.parts):
        raise Refusal(codes.FORBIDDEN, "Sockets are for Tezi's own page and for programs")
