"""Tick frames: made once for all who have the same subscription and saw the same last one."""

from dataclasses import dataclass
from typing import Any

import msgpack
import numpy as np

from dashboard.api.replies import dumps
from dashboard.api.stream.forms import ARROW, JSON, MSGPACK, Form, Payload
from dashboard.api.stream.fragments import Fragments, JsonFragments, MsgpackFragments
from dashboard.api.stream.subscriptions import Subscription
from dashboard.api.stream.view import View
from dashboard.core.market import Ints
from dashboard.pipeline.quotes import Quotes

NOTHING_SEEN = -1


@dataclass(frozen=True, slots=True)
class Lack:
    """What a client has not seen: rows that changed after `last`, and all of `added`."""

    subscription: Subscription
    last: int
    added: Subscription | None = None

    def rows(self, quotes: Quotes) -> Ints:
        """Return the rows of the universe that are lacking, of those that have ticked."""
        rows = self.subscription.rows(quotes.universe)
        changed = quotes.changed[rows]
        lacking = changed > self.last
        if self.added is not None:
            lacking |= np.isin(rows, self.added.rows(quotes.universe)) & (changed > NOTHING_SEEN)
        found: Ints = rows[lacking]
        return found


class TickBoard:
    """The frames of a desk's latest view. Used on the server's loop alone."""

    def __init__(self) -> None:
        self._view: View | None = None
        self._head: dict[str, Any] = {}
        self._frames: dict[tuple[Lack, Form], Payload | None] = {}
        self._fragments: dict[str, Fragments] = {
            JSON: JsonFragments(),
            MSGPACK: MsgpackFragments(),
        }
        self.made = 0

    def frame(self, view: View, lack: Lack, form: Form) -> Payload | None:
        """Return the frame of what is lacking, None where nothing is."""
        if view is not self._view:
            self._view = view
            self._frames.clear()
            desk = view.envelope()
            self._head = {
                "type": "tick",
                "seq": view.seq,
                "at": view.snapshot.at.isoformat(),
                "source": desk["source"],
            }
        key = lack, form
        if key not in self._frames:
            self._frames[key] = self._make(view, lack, form)
        return self._frames[key]

    def _make(self, view: View, lack: Lack, form: Form) -> Payload | None:
        quotes = view.quotes
        if quotes is None:
            return None
        rows = lack.rows(quotes)
        if not len(rows):
            return None
        self.made += 1
        if form.format == ARROW:
            from dashboard.api.stream.columns import write_columns  # for those who ask alone

            return form.seal(write_columns(self._head, quotes, rows))
        fragments = self._fragments[form.format].of(quotes, view.seq, rows)
        join = _join_json if form.format == JSON else _join_msgpack
        return form.seal(join(self._head, fragments))


def _join_json(head: dict[str, Any], fragments: list[bytes]) -> bytes:
    return b'%s,"ticks":[%s]}' % (dumps(head)[:-1], b",".join(fragments))


def _join_msgpack(head: dict[str, Any], fragments: list[bytes]) -> bytes:
    packer = msgpack.Packer()
    parts = [packer.pack_map_header(len(head) + 1)]
    for name, value in head.items():
        parts += [packer.pack(name), packer.pack(value)]
    parts += [packer.pack("ticks"), packer.pack_array_header(len(fragments)), *fragments]
    return b"".join(parts)
