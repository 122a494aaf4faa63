"""The generated market as a feed: deterministic in the day and the seed alone."""

from collections.abc import Iterator
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt

from dashboard.core.calendar import Calendar
from dashboard.core.clock import MINUTE_S, SECOND_NS
from dashboard.core.market import Frame, Ints, Source, Universe
from feeds.mock import quiet
from feeds.mock.book import Book
from feeds.mock.day import VIX_EVERY, plan_day
from feeds.mock.draws import Stream, generator
from feeds.mock.grid import SLOTS, DayGrid
from feeds.mock.history import bars_before
from feeds.mock.messages import Printer, index_packets, messages
from feeds.mock.ticks import minute_ticks
from feeds.wire import HEARTBEAT

CONNECTION = 1
SLOT_NS = SECOND_NS // 2
MS = 1_000_000
DELAY_MS = (50, 400)  # from the exchange to here


class MockFeed:
    """A whole day of 442 instruments on connection 1, about 15 million ticks.

    Every minute's random numbers come from the seed, the day and the minute, so `frames`
    begins anywhere at once and yields the same bytes.

    Parameters
    ----------
    day : date
        A session of the calendar; special sessions have their own hours.
    seed : int
        From 0 on. Days of one seed join: a day's previous close is the day before's close.
    calendar : Calendar
        Says when what trades, and what expires.

    Raises
    ------
    InputError
        If there is no trading on that day.
    CalendarError
        If the calendar does not cover the day and the two trading days before it.
    """

    source: Source = Source.MOCK

    def __init__(self, day: date, seed: int, calendar: Calendar) -> None:
        self._calendar = calendar
        self._plan = plan_day(day, seed, calendar)
        self.universe: Universe = self._plan.universe  # 3 indices, VIX, 6 futures, 432 options
        self.grid: DayGrid = self._plan.grid  # the day's minutes
        self._book = Book(seed, day, self._plan.contracts)

    @cached_property
    def _place(self) -> dict[int, int]:
        """Return the number among traded minutes of each minute that is one."""
        return {int(minute): t for t, minute in enumerate(self._plan.grid.traded)}

    def frames(self, from_ns: int | None = None) -> Iterator[Frame]:
        """Yield the day's frames received at `from_ns` or later."""
        grid, first = self._plan.grid, 0
        if from_ns is not None:
            first = max(0, (from_ns // SECOND_NS - grid.start_s) // MINUTE_S)
        printer = Printer(self._plan, self._book)
        for minute in range(first, len(grid)):
            for frame in self._minute(printer, minute):
                if from_ns is None or frame.received_ns >= from_ns:
                    yield frame

    def history(self, sessions: int) -> dict[int, npt.NDArray[np.void]]:
        """Return 1m bars of the sessions before the day, by token (BAR_DTYPE).

        They are the bars of the frames that those days would send, for the indices, the
        VIX and the near futures; fewer sessions where the calendar begins.
        """
        return bars_before(self._plan, self._calendar, sessions)

    def _minute(self, printer: Printer, minute: int) -> Iterator[Frame]:
        t = self._place.get(minute)
        found = self._quiet(printer, minute) if t is None else self._traded(printer, minute, t)
        received = self._received(minute)
        for slot, payload in found:
            yield Frame(received[slot], CONNECTION, payload)

    def _received(self, minute: int) -> list[int]:
        plan = self._plan
        draw = generator(plan.seed, plan.grid.day, Stream.ARRIVALS, minute)
        start = (plan.grid.start_s + minute * MINUTE_S) * SECOND_NS
        delay = draw.integers(DELAY_MS[0] * MS, DELAY_MS[1] * MS, SLOTS)
        received: list[int] = (start + np.arange(SLOTS) * SLOT_NS + delay).tolist()
        return received

    def _seconds(self, minute: int) -> Ints:
        return self._plan.grid.start_s + minute * MINUTE_S + np.arange(SLOTS) // 2

    def _traded(self, printer: Printer, minute: int, t: int) -> Iterator[tuple[int, bytes]]:
        plan, second = self._plan, self._seconds(minute)
        ticks = minute_ticks(plan, t)
        packets = printer.traded(ticks, t, minute * SLOTS + np.arange(SLOTS), second)
        index = plan.index
        quotes = index_packets(
            index.price[:, t], index.high[:, t], index.low[:, t], index.open[:, None],
            index.close[:, None], second,
        )  # fmt: skip
        sent = np.ones((SLOTS, 4), bool)
        sent[1::VIX_EVERY, 3] = False
        if t >= plan.grid.index_minutes:
            sent[1::2] = False
        return messages(quotes, sent, packets, ticks.sent)

    @cached_property
    def _indicative(self) -> Ints:
        return quiet.indicative(self._plan)

    def _quiet(self, printer: Printer, minute: int) -> Iterator[tuple[int, bytes]]:
        found = [(slot, HEARTBEAT) for slot in quiet.heartbeats(self._plan, minute)]
        if quiet.is_pre_open(self._plan, minute):
            found += self._pre_open(printer, minute)
        return iter(sorted(found))

    def _pre_open(self, printer: Printer, minute: int) -> Iterator[tuple[int, bytes]]:
        plan, second = self._plan, self._seconds(minute)
        price = self._indicative[:, minute * SLOTS : (minute + 1) * SLOTS]
        quotes = index_packets(price, price, price, price, plan.index.close[:, None], second)
        sent = quiet.contracts_sent(plan, minute, first=minute == 0)
        packets = printer.quiet(sent, second, quiet.is_matched(plan, minute))
        return messages(quotes, quiet.index_sent(), packets, sent)
