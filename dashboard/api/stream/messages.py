"""What clients say: read with care, and not more often than allowed."""

from typing import Any

import msgpack
import orjson

from dashboard.api.stream import codes
from dashboard.api.stream.codes import Fault, Refusal
from dashboard.api.stream.forms import MSGPACK, Form, Payload
from dashboard.api.stream.limits import EXCESS, MESSAGE_BYTES, MESSAGES_PER_S
from dashboard.core.clock import Clock

HOW = 'Send an object with an "action", such as {"action": "ping"}'


def read_message(payload: Payload, form: Form) -> dict[str, Any]:
    """Return the object that a client sent.

    Raises
    ------
    Fault
        Where it is none, or says nothing that is asked for.
    """
    if len(payload) > MESSAGE_BYTES:
        raise Fault("too_big", f"A message has at most {MESSAGE_BYTES} bytes")
    message = _parsed(payload, form)
    if not isinstance(message, dict):
        raise Fault("malformed", f"This is not an object. {HOW}")
    if not isinstance(message.get("action"), str):
        raise Fault("malformed", HOW, "action")
    return message


def _parsed(payload: Payload, form: Form) -> Any:
    if isinstance(payload, str):
        try:
            return orjson.loads(payload)
        except orjson.JSONDecodeError as error:
            raise Fault("malformed", f"This is not JSON: {error.msg} at {error.pos}") from error
    if form.format != MSGPACK:
        raise Fault(
            "malformed", 'Binary messages are read after {"action":"configure","format":"msgpack"}'
        )
    try:
        return msgpack.unpackb(payload)
    except (ValueError, TypeError, msgpack.UnpackException) as error:
        raise Fault("malformed", "This is not MessagePack") from error


class Pace:
    """Count the messages of one client: a bucket that fills by the second."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._left, self._at_s = float(MESSAGES_PER_S), clock.monotonic()
        self._excess = 0

    def count(self) -> None:
        """Count one message.

        Raises
        ------
        Fault
            Where it came too soon; it must not be looked at.
        Refusal
            Where many did.
        """
        now_s = self._clock.monotonic()
        self._left = min(self._left + (now_s - self._at_s) * MESSAGES_PER_S, MESSAGES_PER_S)
        self._at_s = now_s
        if self._left >= 1:
            self._left -= 1
            return
        self._excess += 1
        if self._excess > EXCESS:
            raise Refusal(codes.POLICY, f"More than {MESSAGES_PER_S} messages a second")
        raise Fault(
            "flood", f"At most {MESSAGES_PER_S} messages a second are read; this one was not"
        )
