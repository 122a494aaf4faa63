"""The contracts of each day: the dump is fetched and kept, and what Tezi takes is chosen."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from threading import RLock
from typing import Protocol

import structlog

from dashboard.core.calendar import Calendar
from dashboard.core.errors import CalendarError, InputError
from dashboard.core.instruments import read_dump
from dashboard.core.kite import Grant, KiteApi
from dashboard.core.market import INDICES, UNDERLYINGS, VIX, Floats, Instrument, Kind, Universe
from feeds.chosen import FUTURES, known, recentred, strikes_of, subscribed

STRIKES = 36  # of each expiry
EXPIRIES = 2  # the nearest of each underlying
FOUND_AGAIN = 0.5  # the share of living contracts that the next dump must hold

log = structlog.get_logger(__name__)


class ContractStore(Protocol):
    """Where the contracts of our underlyings are kept, by day."""

    def keep(self, day: date, instruments: Sequence[Instrument]) -> None:
        """Keep the dump of `day`."""
        ...

    def has(self, day: date) -> bool:
        """Say whether the dump of `day` is here."""
        ...

    def on(self, day: date) -> tuple[Instrument, ...]:
        """Return what the last dump at or before `day` held and `day` still trades."""
        ...


class Contracts:
    """A `ContractBook`: the day's dump, and the strikes round prices that move.

    Every method may be called from any thread; `fetch` blocks, and so does the first look at
    a day, shortly. Where the dump of a day is not here, the last one before it serves.

    Parameters
    ----------
    store : ContractStore
        Where dumps are kept.
    calendar : Calendar
        Cross-checks the expiries of a dump, which is believed.
    strikes : int
        Of each expiry; half of them at or below the money.
    expiries : int
        The nearest of each underlying.
    """

    def __init__(
        self,
        store: ContractStore,
        calendar: Calendar,
        strikes: int = STRIKES,
        expiries: int = EXPIRIES,
    ) -> None:
        self._store = store
        self._calendar = calendar
        self._strikes = strikes
        self._expiries = expiries
        self._lock = RLock()
        self._day: date | None = None
        self._book = Universe(())
        self._nearest: dict[str, Floats] = {}  # strikes of the nearest expiry
        self._centres: dict[str, float] = {}
        self._centred_on: date | None = None
        self._wanted: frozenset[int] | None = None
        self._fetched: set[date] = set()

    def has(self, day: date) -> bool:
        """Say whether the dump of `day` is here."""
        with self._lock:
            if day not in self._fetched and self._store.has(day):
                self._fetched.add(day)
            return day in self._fetched

    def fetch(self, api: KiteApi, grant: Grant, day: date) -> None:
        """Fetch, check and keep the dump of `day`. Blocks.

        Raises
        ------
        InputError
            If it is no whole dump, or contradicts itself or what Tezi knows.
        KiteError
            If Kite refused, or could not be reached.
        """
        dump = read_dump(api.instruments(grant.access_token), (*UNDERLYINGS, VIX))
        contracts = [i for i in dump.instruments if i.kind is not Kind.INDEX]
        _check_indices(dump.instruments)
        _check_whole(contracts, self._store.on(day), day)
        self._store.keep(day, contracts)
        log.info(
            "instruments",
            day=str(day),
            rows=dump.rows,
            contracts=len(contracts),
            left_out=dump.left_out,
            faults=dump.faults,
        )
        with self._lock:
            self._fetched.add(day)
            self._day = None  # read anew when it is next asked for

    def universe(self, day: date, spots: Mapping[str, float]) -> tuple[Instrument, ...]:
        """Return all that the day's pipeline should know, round these prices [INR].

        It holds everything that is `wanted`, and the strikes that the market may reach. Of an
        underlying without a price only the index and its futures are taken: see `remarks`.
        """
        with self._lock:
            centres = self._centred(day, spots)
            return tuple(known(self._book, day, centres, self._strikes, self._expiries))

    def wanted(self, day: date, spots: Mapping[str, float]) -> frozenset[int]:
        """Return the tokens to subscribe, re-centred on these prices [INR].

        The strikes stay where they are until the money is three of them away.
        """
        with self._lock:
            centres = self._centred(day, spots)
            if self._wanted is None:
                chosen = subscribed(self._book, day, centres, self._strikes, self._expiries)
                self._wanted = frozenset(i.token for i in chosen)
                log.info("subscribed", day=str(day), tokens=len(self._wanted), centres={**centres})
            return self._wanted

    def remarks(self, day: date) -> tuple[str, ...]:
        """Return what a person should know of the day's contracts, in sentences."""
        with self._lock:
            self._open(day)
            return tuple(self._remarks(day))

    def _open(self, day: date) -> None:
        if day == self._day:
            return
        if day != self._centred_on:
            self._centres, self._centred_on = {}, day
        self._book = Universe(self._store.on(day))
        self._nearest = {name: self._strikes_near(name, day) for name in UNDERLYINGS}
        self._wanted = None
        self._day = day

    def _strikes_near(self, name: str, day: date) -> Floats:
        nearest = self._book.expiries(name, day)[:1]
        return strikes_of(self._book.options(name, nearest[0]) if nearest else ())

    def _centred(self, day: date, spots: Mapping[str, float]) -> dict[str, float]:
        self._open(day)
        for name, strikes in self._nearest.items():
            last = self._centres.get(name)
            centre = recentred(strikes, spots.get(name), last)
            if centre is not None and centre != last:
                self._centres[name] = centre
                self._wanted = None
        return self._centres

    def _remarks(self, day: date) -> Iterator[str]:
        if not len(self._book):
            yield f"There is no instruments dump of {day} or before: nothing but indices is taken"
            return
        if not self.has(day):
            yield f"The instruments dump of {day} is not here yet: an earlier one serves"
        for name in UNDERLYINGS:
            if name not in self._centres:
                yield f"No price of {name} yet: its index and futures are taken, no options"
            if len(self._book.futures(name, day)) < FUTURES:
                yield f"The instruments dump holds fewer than {FUTURES} futures of {name}"
            yield from self._moved_expiries(name, day)

    def _moved_expiries(self, name: str, day: date) -> Iterator[str]:
        listed = self._book.expiries(name, day)[: self._expiries]
        if len(listed) < self._expiries:
            yield f"The instruments dump holds {len(listed)} of {self._expiries} expiries of {name}"
        try:
            expected = self._calendar.expiries(name, day, len(listed))
        except CalendarError as error:
            yield str(error)
            return
        for theirs, ours in zip(listed, expected, strict=True):
            if theirs != ours:
                yield (
                    f"{name} expires on {theirs} by the instruments dump, on {ours} by Tezi's "
                    "calendar: the dump is believed"
                )


def _check_indices(instruments: Sequence[Instrument]) -> None:
    """Refuse a dump in which an index has another token than the one that Tezi knows."""
    symbols = {index.symbol: index for index in INDICES.values()}
    for one in instruments:
        if one.kind is not Kind.INDEX:
            continue
        expected = symbols.get(one.symbol)
        if expected is None or expected.token != one.token:
            raise InputError(
                f"the instruments dump gives the token {one.token} to {one.symbol}, which is not "
                "the index that Tezi knows by it: nothing can be subscribed safely; update Tezi"
            )


def _check_whole(contracts: Sequence[Instrument], before: Sequence[Instrument], day: date) -> None:
    """Refuse a dump that is only a part of one, though its lines are whole."""
    book = Universe(tuple(contracts))
    for name in UNDERLYINGS:
        for what, there in (
            ("futures", book.futures(name, day)),
            ("options", book.expiries(name, day)),
        ):
            if not there:
                raise InputError(
                    f"the instruments dump holds no {what} of {name} that trade on {day}: it is "
                    "not whole, or of another day; ask for it again"
                )
    again = {i.token for i in before} & {i.token for i in contracts}
    if len(again) < FOUND_AGAIN * len(before):
        raise InputError(
            f"the instruments dump holds {len(again)} of the {len(before)} contracts that were "
            f"known and trade on {day}: it is not whole; ask for it again"
        )
