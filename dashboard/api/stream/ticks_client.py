"""A client of /ws/ticks: the latest of each instrument it wants, and where it stands."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from dashboard.api.roll import Roll
from dashboard.api.stream.client import Action, Client
from dashboard.api.stream.codes import Fault
from dashboard.api.stream.fanout import Fanout
from dashboard.api.stream.limits import TOKENS
from dashboard.api.stream.subscriptions import Subscription
from dashboard.api.stream.ticks import NOTHING_SEEN, Lack
from dashboard.api.stream.view import View
from dashboard.api.stream.wishes import find_tokens, listed
from dashboard.core.market import Ints

NO_TOKENS = np.empty(0, dtype=np.int64)


class TicksClient(Client):
    """Remember which tokens and the last `seq`; whatever else it lacks the desk knows."""

    path = "/ws/ticks"

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.subscription: Subscription = self.room.subscriptions.of(NO_TOKENS)
        self._last = NOTHING_SEEN
        self._seen_news = 0

    def actions(self) -> Mapping[str, Action]:
        """Return what its messages may ask for."""
        return {
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "resume": self._resume,
        }

    def forget_seen(self) -> None:
        """Take it that nothing was seen."""
        self._last = NOTHING_SEEN

    def close(self) -> None:
        """Want nothing any more."""
        self.subscription = self.room.subscriptions.of(NO_TOKENS)

    async def tell(self, fanout: Fanout, view: View) -> None:
        """Send the ticks that came since the last frame."""
        await self._send_lack(fanout, view, None)

    async def _send_lack(self, fanout: Fanout, view: View, added: Subscription | None) -> None:
        if not len(self.subscription):
            return
        lack = Lack(self.subscription, self._last, added)
        frame = fanout.board.frame(view, lack, self.form)
        if self._last != NOTHING_SEEN:
            self.room.counters["conflated"] += max(0, view.news - self._seen_news - 1)
        self._last, self._seen_news = view.seq, view.news
        if frame is not None:
            await self.socket.send(frame)

    async def _subscribe(self, message: dict[str, Any]) -> None:
        names = listed(message, "tokens")
        await self.go_to_desk(message)
        tokens, fault = find_tokens(names, await self._roll())
        both = np.union1d(self.subscription.tokens, tokens)
        if len(both) > TOKENS:
            raise Fault("limit", f"At most {TOKENS} instruments, not {len(both)}", "tokens")
        if len(tokens):
            await self._begin(tokens, both, message.get("id"))
        if fault is not None:
            raise fault

    async def _begin(self, tokens: Ints, both: Ints, number: Any) -> None:
        """Confirm, and send the present state of what is new, with all that changed until then."""
        is_first = not len(self.subscription)
        async with self.socket.lock:
            await self.socket.send(
                self.form.write({"type": "subscribed", "tokens": tokens.tolist(), "id": number})
            )
            added = None if is_first else self.room.subscriptions.of(tokens)
            self.subscription = self.room.subscriptions.of(both)
            fanout, view = self.fanout, self.fanout.view
            if view is not None and view.stream == self._stream:  # else all of it is sent anew
                await self._send_lack(fanout, view, added)

    async def _unsubscribe(self, message: dict[str, Any]) -> None:
        tokens, fault = find_tokens(listed(message, "tokens"), await self._roll())
        left = np.setdiff1d(self.subscription.tokens, tokens)
        self.subscription = self.room.subscriptions.of(left)
        if not len(left):
            self.forget_seen()
        await self._send(
            {"type": "unsubscribed", "tokens": tokens.tolist(), "id": message.get("id")}
        )
        if fault is not None:
            raise fault

    async def _resume(self, message: dict[str, Any]) -> None:
        """Go on after a frame that the client has seen over another connection."""
        seq, stream, view = message.get("seq"), message.get("stream"), self.fanout.view
        if isinstance(seq, bool) or not isinstance(seq, int):
            raise Fault("malformed", "seq is that of the last frame", "seq")
        is_same = view is not None and stream == view.stream == self._stream and seq <= view.seq
        if not is_same:
            self._last, self._stream = NOTHING_SEEN, None  # told what there is instead, and all
        else:
            self._last = max(seq, NOTHING_SEEN)
            await self._send(
                {"type": "resumed", "stream": stream, "seq": seq, "id": message.get("id")}
            )
        self._hurry()

    async def _roll(self) -> Roll:
        """Return the names of the day's instruments."""
        quotes = (await self.open_view()).quotes
        assert quotes is not None
        return self.room.rolls.of(quotes.universe)
