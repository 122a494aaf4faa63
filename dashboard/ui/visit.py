"""One visit: a desk looked at, the page that shows it, and what the person does.

The desk's thread only hands its snapshot over; everything that touches the page happens
on the document's own loop, at most once for each snapshot and never twice at a time.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

import panel as pn
import structlog
from bokeh.document import Document
from panel.models.esm import DataEvent

from dashboard.core.clock import IST
from dashboard.core.errors import TeziError
from dashboard.core.health import OperationsStatus
from dashboard.core.market import TIMEFRAMES, UNDERLYINGS, Source
from dashboard.pipeline.desk import SPEEDS, Desk
from dashboard.pipeline.desks import Desks
from dashboard.pipeline.hub import Interest
from dashboard.pipeline.snapshot import Snapshot
from dashboard.ui.chart.candles import CandleChart
from dashboard.ui.desk import DeskView
from dashboard.ui.notice import Notice
from dashboard.ui.present import Presenter
from dashboard.ui.present_catalogue import catalogue_text
from dashboard.ui.present_machine import days_pane
from dashboard.ui.selection import ROOMS, Selection

log = structlog.get_logger(__name__)

PAGE_S = 0.1  # a page is drawn no oftener: a hub may publish faster than anyone can see
LOOK_MS = 1000  # operations look once a second themselves


class Visit:
    """The page of one person, from the first look to the closed tab."""

    def __init__(
        self,
        document: Document,
        desks: Desks,
        visitor: str,
        desk: Desk,
        *,
        own: bool,
        operations: Callable[[], OperationsStatus | None] = lambda: None,
        role: str = "",
    ) -> None:
        self._document = document
        self._desks = desks
        self._desk, self._own = desk, own
        self._selection = Selection(can_live=desks.shared is not None)
        self._notices: tuple[Notice, ...] = ()
        self._latest: Snapshot | None = desk.hub.latest
        self._scheduled = False
        self._drawn_s = -math.inf  # when, by the clock of the desks
        self._listener = self._share_listener = 0
        self._ended = False
        self._pictured: Interest | None = None
        self._operations = operations
        self._presenter = Presenter(role)
        self.chart = CandleChart()
        self.view = DeskView(chart=self.chart.pane, visitor=visitor, sizing_mode="stretch_both")
        self.view.on_msg(self._on_message)
        document.on_session_destroyed(lambda _: self.end())
        self._show_days()
        self._draw()
        # A callback that another thread adds while the page is still being made can be lost.
        pn.state.onload(self._begin)

    def end(self) -> None:
        """Stop listening; a replay of one's own is closed with its page."""
        if self._ended:
            return
        self._ended = True
        self._desks.leave(self._share_listener)
        self._desk.hub.leave(self._listener)
        if self._own:
            self._desks.close(self._desk)

    def _begin(self) -> None:
        """Follow the desk from the moment the page is in the browser."""
        self._share_listener = self._desks.listen(self._take_share)
        self._latest = self._desk.hub.latest or self._latest
        self._listen()
        self._follow_share()  # one that was shared while the page was made was not heard of
        self._draw()
        if self._operations() is not None:
            self._document.add_periodic_callback(self._look, LOOK_MS)

    # -- from the desk to the page ---------------------------------------------------------

    def _listen(self) -> None:
        self._listener = self._desk.hub.listen(self._take, self._interest())
        self._desk.refresh()

    def _interest(self) -> Interest:
        chosen = self._selection
        if chosen.room == "options":
            return Interest(chosen.underlying, chosen.timeframe, True, chosen.expiry)
        return Interest(chosen.underlying, chosen.timeframe, explain=chosen.explain)

    def _take(self, snapshot: Snapshot) -> None:
        """Note the snapshot, in the desk's thread; draw it on the document's loop."""
        self._latest = snapshot
        if not self._scheduled and not self._ended:
            self._scheduled = True
            self._document.add_next_tick_callback(self._pace)

    def _pace(self) -> None:
        """Draw now, or when the page's time has come: then it is the latest that is drawn."""
        wait_s = self._drawn_s + PAGE_S - self._desks.clock.monotonic()
        if wait_s <= 0 or self._ended:
            self._update()
        else:
            self._document.add_timeout_callback(self._update, math.ceil(wait_s * 1000))

    def _update(self) -> None:
        self._scheduled = False  # first: a snapshot that comes while it is drawn is drawn too
        self._draw()

    def _draw(self) -> None:
        snapshot = self._latest
        if snapshot is None or self._ended:
            return
        self._drawn_s = self._desks.clock.monotonic()
        with pn.io.hold():
            self.view.show(self._presenter.present(*self._shown(snapshot)))
            self._picture(snapshot)

    def _shown(
        self, snapshot: Snapshot
    ) -> tuple[Snapshot, Selection, tuple[Notice, ...], OperationsStatus | None]:
        return snapshot, self._selection, self._notices, self._operations()

    def _look(self) -> None:
        """Show what became of operations: a desk that is paused or waits makes no snapshots."""
        if self._latest is not None and not self._ended:
            self.view.show(self._presenter.present_operations(*self._shown(self._latest)))

    def _picture(self, snapshot: Snapshot) -> None:
        """Show the chart that is looked at, and never another one under its name.

        While the desk seeks it has no chart; the picture of the same instrument stays then.
        """
        look = replace(self._interest(), explain=None)
        if self._selection.room != "desk":
            return
        chart = snapshot.charts.get((look.underlying, look.timeframe))
        if chart is not None and not len(chart.bars) and chart.forming is None:
            self.chart.clear(f"No bar of {look.underlying} yet")
            self._pictured = None
        elif chart is not None:
            overlays, blind = self._selection.overlays, self._selection.blind
            gaps = snapshot.timeline.gaps
            self.chart.show(chart, snapshot.signals, overlays, "", blind=blind, gaps=gaps)
            self._pictured = look
        elif _lacks(snapshot, look.underlying):
            self.chart.clear(f"No {look.underlying} in this recording")
            self._pictured = None
        elif look != self._pictured:
            self.chart.clear()
            self._pictured = None

    def _show_days(self) -> None:
        day = self._desk.day
        days = self._desks.tools.store.days()
        self.view.show(
            {"days": days_pane(days, (day.day, day.source), blind=self._selection.blind)}
        )

    # -- from the person to the desk ---------------------------------------------------------

    def _on_message(self, event: DataEvent) -> None:
        """Carry the message out on the document's next tick, which holds its lock.

        Bokeh models changed within the event itself may not reach the browser.
        """
        message: dict[str, Any] = event.data
        self._document.add_next_tick_callback(lambda: self._carry_out(message))

    def _carry_out(self, message: dict[str, Any]) -> None:
        act = self._acts().get(str(message.get("do")))
        if act is None:
            log.warning("unknown message", act=message.get("do"))
            return
        try:
            act(message)
            self._notices = ()
        except TeziError as error:
            self._notices = (Notice("refused", str(error), kind="error"),)
        except (KeyError, ValueError, TypeError) as error:
            log.warning("message not understood", act=message.get("do"), error=str(error))
        self._draw()

    def _acts(self) -> dict[str, Callable[[dict[str, Any]], None]]:
        return {
            "play": lambda _: self._own_desk().play(),
            "pause": lambda _: self._own_desk(playing=False).pause(),
            "seek": lambda m: self._own_desk().seek(self._time(m["time"])),
            "step": self._step,
            "speed": self._set_speed,
            "day": lambda m: self._open(date.fromisoformat(m["date"]), Source(m["source"]), None),
            "live": lambda _: self._go_live(),
            "room": lambda m: self._select(room=_one_of(m["room"], ROOMS)),
            "expiry": self._choose_expiry,
            "underlying": lambda m: self._select(
                underlying=_one_of(m["underlying"], UNDERLYINGS), expiry=None
            ),
            "timeframe": lambda m: self._select(timeframe=_one_of(m["timeframe"], TIMEFRAMES)),
            "overlay": self._toggle_overlay,
            "blind": lambda m: self._blind(bool(m["on"])),
            "strikes": lambda m: self._select(all_strikes=bool(m["all"])),
            "explain": lambda m: self._select(explain=m["id"]),
            "theme": lambda m: self.chart.set_theme(_one_of(m["theme"], ("dark", "light"))),
            "catalogue": lambda _: self._show_catalogue(),
            "fit": lambda _: self.chart.fit(),
        }

    def _time(self, text: str) -> datetime:
        return datetime.combine(self._desk.day.day, time.fromisoformat(text), tzinfo=IST)

    def _step(self, message: dict[str, Any]) -> None:
        if "minutes" in message:
            self._own_desk(playing=False).step("1m", int(message["minutes"]))
        else:
            count = int(message["bars"])
            self._own_desk(playing=False).step(self._selection.timeframe, count)

    def _set_speed(self, message: dict[str, Any]) -> None:
        speed = float(message["speed"])
        if speed in SPEEDS:
            self._own_desk().set_speed(speed)

    def _toggle_overlay(self, message: dict[str, Any]) -> None:
        name = str(message["id"])
        others = tuple(shown for shown in self._selection.overlays if shown != name)
        self._select(overlays=(*others, name) if message["on"] else others)

    def _select(self, **changes: Any) -> None:
        before = self._interest()
        self._selection = replace(self._selection, **changes)
        if self._interest() != before:
            self._desk.hub.look_at(self._listener, self._interest())
            self._desk.refresh()

    def _choose_expiry(self, message: dict[str, Any]) -> None:
        """Show another expiry, named by its place in the picker: a blind page has no dates."""
        look = self._selection
        snapshot = self._latest
        view = snapshot.options.get((look.underlying, look.expiry)) if snapshot else None
        if view is not None:
            places = dict(enumerate(view.expiries))
            self._select(expiry=places[int(message["at"])])

    def _show_catalogue(self) -> None:
        """Send what never changes, to one who wants to read it."""
        self.view.show({"catalogue": catalogue_text(self._desks.tools.signals)})

    def _blind(self, on: bool) -> None:
        self._select(blind=on)
        self._show_days()

    def _own_desk(self, *, playing: bool = True) -> Desk:
        """Return a desk this person may move: the shared one stays where it is."""
        if self._own:
            return self._desk
        day, snapshot = self._desk.day, self._latest
        at = snapshot.at if snapshot else None
        self._open(day.day, day.source, at, playing=playing)
        return self._desk

    def _open(
        self, day: date, source: Source, at: datetime | None, *, playing: bool = True
    ) -> None:
        fresh = self._desks.open_replay(day, source, at, playing=playing)
        self._change(fresh, own=True)

    def _go_live(self) -> None:
        if self._desks.shared is not None and self._desk is not self._desks.shared:
            self._change(self._desks.shared, own=False)

    def _take_share(self) -> None:
        """Hear that another desk is shared, in whatever thread shared it."""
        if not self._ended:
            self._document.add_next_tick_callback(self._follow_share)

    def _follow_share(self) -> None:
        """Move over to the desk that is shared now; who plays a replay stays with it."""
        shared = self._desks.shared
        if self._ended or shared is None:
            return
        self._selection = replace(self._selection, can_live=True)
        if not self._own and self._desk is not shared:
            self._change(shared, own=False)
        self._draw()

    def _change(self, desk: Desk, *, own: bool) -> None:
        before, was_own = self._desk, self._own
        before.hub.leave(self._listener)
        self._desk, self._own = desk, own
        self._latest = desk.hub.latest or self._latest
        self._listen()
        if was_own:
            self._desks.close(before)
        self._show_days()


def _lacks(snapshot: Snapshot, underlying: str) -> bool:
    """Say whether a day that is loaded knows nothing of an index, not even its past."""
    card = snapshot.indices.get(underlying)
    return card is not None and card.price is None and card.previous_close is None


def _one_of(value: Any, allowed: Any) -> str:
    if value not in allowed:
        raise ValueError(f"{value!r} is none of {', '.join(allowed)}")
    return str(value)
