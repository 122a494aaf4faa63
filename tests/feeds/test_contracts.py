"""What is taken of a day's dump: 442 contracts round prices that move, and no bad dump."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from dashboard.core.calendar import load_calendar
from dashboard.core.errors import InputError, KiteTokenError
from dashboard.core.instruments import read_instruments
from dashboard.core.kite import KiteApi
from dashboard.core.market import UNDERLYINGS, Instrument, Kind, Universe
from dashboard.operations.parts import ContractBook
from dashboard.pipeline.contracts import followed
from feeds.chosen import recentred
from feeds.contracts import Contracts
from storage.contracts import SqlContracts
from storage.schema import open_database
from tests.feeds.dumps import (
    EXPIRIES,
    GRANT,
    INDEX_ROWS,
    SPOTS,
    DumpApi,
    dump,
    future,
    market,
    options,
)

DAY = date(2026, 8, 18)  # NIFTY's weekly contracts expire
MONTH_END = date(2026, 8, 25)  # NIFTY's and BANKNIFTY's August contracts expire
INDEX_TOKENS = {256265, 260105, 265, 264969}


class Kept:
    """A store of dumps in memory."""

    def __init__(self) -> None:
        self.days: dict[date, tuple[Instrument, ...]] = {}
        self.looks = 0

    def keep(self, day: date, instruments: Sequence[Instrument]) -> None:
        self.days[day] = tuple(instruments)

    def has(self, day: date) -> bool:
        self.looks += 1
        return day in self.days

    def on(self, day: date) -> tuple[Instrument, ...]:
        self.looks += 1
        known = max((d for d in self.days if d <= day), default=None)
        found = self.days[known] if known else ()
        return tuple(i for i in found if i.expiry is None or i.expiry >= day)


def api(content: bytes) -> KiteApi:
    return cast(KiteApi, DumpApi(content))


def book(
    instruments: Sequence[Instrument] | None = None, day: date = DAY, strikes: int = 36
) -> Contracts:
    kept = Kept()
    kept.keep(day, market() if instruments is None else instruments)
    return Contracts(kept, load_calendar(), strikes)


def strikes(
    contracts: Contracts, spots: dict[str, float], name: str, expiry: date, day: date = DAY
) -> list[float]:
    """Return the strikes of the calls that are subscribed."""
    wanted = contracts.wanted(day, spots)
    return [
        i.strike or 0.0
        for i in Universe(contracts.universe(day, spots)).options(name, expiry)
        if i.token in wanted and i.kind is Kind.CALL
    ]


# -- which contracts ---------------------------------------------------------------------


def test_takes_442_contracts():
    contracts: ContractBook = book()
    wanted = contracts.wanted(DAY, SPOTS)
    assert len(wanted) == 442
    kinds = [i.kind for i in contracts.universe(DAY, SPOTS) if i.token in wanted]
    count = {kind: kinds.count(kind) for kind in set(kinds)}
    assert count == {Kind.INDEX: 4, Kind.FUTURE: 6, Kind.CALL: 216, Kind.PUT: 216}


def test_half_of_the_strikes_are_at_or_below_the_one_nearest_the_price():
    contracts = book()
    near = strikes(contracts, SPOTS, "NIFTY", DAY)
    # 24412 is nearest 24400: from 17 steps of 50 below it to 18 above
    assert (near[0], near[-1], len(near)) == (23550.0, 25300.0, 36)
    assert strikes(contracts, SPOTS, "NIFTY", date(2026, 8, 25)) == near
    assert strikes(contracts, SPOTS, "NIFTY", date(2026, 9, 1)) == []  # the third expiry
    bank = strikes(contracts, SPOTS, "BANKNIFTY", date(2026, 8, 25))
    assert (bank[0], bank[-1]) == (55300.0, 58800.0)


def test_an_odd_number_of_strikes_lies_evenly():
    assert strikes(book(strikes=3), SPOTS, "NIFTY", DAY) == [24350.0, 24400.0, 24450.0]


def test_a_strike_that_is_not_listed_is_left_out():
    lacking = [i for i in market() if not (i.underlying == "NIFTY" and i.strike == 24500.0)]
    found = strikes(book(lacking), SPOTS, "NIFTY", DAY)
    assert 24500.0 not in found
    assert (found[0], found[-1], len(found)) == (23550.0, 25300.0, 35)


def test_a_step_is_the_dump_s_own_for_each_expiry():
    far = options("NIFTY", date(2026, 8, 25), range(20000, 30001, 200))
    others = [i for i in market() if (i.underlying, i.expiry) != ("NIFTY", date(2026, 8, 25))]
    found = strikes(book([*others, *far]), SPOTS, "NIFTY", date(2026, 8, 25))
    assert (found[0], found[-1], len(found)) == (21000.0, 28000.0, 36)
    assert set(np.diff(found)) == {200.0}


def test_a_strike_of_which_only_a_call_is_listed_sets_no_step():
    odd = replace(
        options("NIFTY", DAY, [24425.0])[0], token=99 << 8 | 2
    )  # a lone call half a step away
    found = strikes(book([*market(), odd]), {**SPOTS, "NIFTY": 24420.0}, "NIFTY", DAY)
    assert (found[0], found[-1], len(found)) == (23550.0, 25300.0, 36)


def test_on_a_day_a_month_expires_the_next_two_futures_are_there():
    contracts = book(day=MONTH_END)
    wanted = contracts.wanted(MONTH_END, {})
    futures = {
        name: sorted(
            i.symbol
            for i in contracts.universe(MONTH_END, {})
            if i.token in wanted and i.kind is Kind.FUTURE and i.underlying == name
        )
        for name in ("NIFTY", "SENSEX")
    }
    assert futures == {
        "NIFTY": ["NIFTY26AUGFUT", "NIFTY26OCTFUT", "NIFTY26SEPFUT"],
        "SENSEX": ["SENSEX26AUGFUT", "SENSEX26SEPFUT"],
    }
    universe = Universe(contracts.universe(MONTH_END, {}))
    assert set(followed(universe, MONTH_END)) <= wanted


def test_after_an_expiry_the_next_one_moves_up():
    contracts = book()
    later = Universe(contracts.universe(date(2026, 8, 19), SPOTS))
    assert later.expiries("NIFTY", DAY) == [date(2026, 8, 25), date(2026, 9, 1)]


def test_contracts_are_as_the_dump_says():
    contracts = book()
    near = Universe(contracts.universe(DAY, SPOTS)).future("SENSEX", DAY)
    assert near == future("SENSEX", date(2026, 8, 27))
    assert near is not None
    assert (near.lot, near.previous_close, near.previous_oi) == (20, None, None)


# -- prices that move ----------------------------------------------------------------------


def test_without_a_price_only_index_and_futures_are_taken_and_it_is_said():
    contracts = book()
    spots = {"NIFTY": 24412.0, "SENSEX": float("nan")}
    wanted = contracts.wanted(DAY, spots)
    assert len(wanted) == 4 + 6 + 144
    assert {i.underlying for i in contracts.universe(DAY, spots) if i.is_option} == {"NIFTY"}
    assert contracts.remarks(DAY) == (
        "No price of BANKNIFTY yet: its index and futures are taken, no options",
        "No price of SENSEX yet: its index and futures are taken, no options",
    )
    assert len(contracts.wanted(DAY, SPOTS)) == 442
    assert contracts.remarks(DAY) == ()


def test_a_price_that_is_lost_again_drops_nothing():
    contracts = book()
    before = contracts.wanted(DAY, SPOTS)
    assert contracts.wanted(DAY, {}) == before


def test_strikes_stay_until_the_money_is_three_away():
    contracts = book()
    before = contracts.wanted(DAY, SPOTS)
    # nearest 24500, two steps of 50 from 24400
    assert contracts.wanted(DAY, {**SPOTS, "NIFTY": 24524.0}) == before
    moved = contracts.wanted(DAY, {**SPOTS, "NIFTY": 24526.0})
    assert len(moved) == 442
    # three strikes of two expiries, call and put, come for those that go
    assert (len(moved - before), len(before - moved)) == (12, 12)
    assert strikes(contracts, {**SPOTS, "NIFTY": 24526.0}, "NIFTY", DAY)[0] == 23700.0
    # and it does not flap: back to where it was is again three steps off
    assert contracts.wanted(DAY, {**SPOTS, "NIFTY": 24460.0}) == moved
    assert contracts.wanted(DAY, {**SPOTS, "NIFTY": 24401.0}) == before


@pytest.mark.parametrize(
    ("spot", "last", "centre"),
    [
        (24412.0, None, 24400.0),
        (24425.0, None, 24400.0),  # between two, the lower
        (24540.0, 24400.0, 24550.0),
        (24270.0, 24400.0, 24250.0),
        (24330.0, 24400.0, 24400.0),
        (None, 24400.0, 24400.0),
        (float("nan"), 24400.0, 24400.0),
        (None, None, None),
    ],
)
def test_a_centre_is_a_listed_strike_and_stays(
    spot: float | None, last: float | None, centre: float | None
):
    listed = np.arange(23000.0, 26000.0, 50.0)
    assert recentred(listed, spot, last) == centre


def test_the_universe_holds_what_prices_may_come_to():
    contracts = book()
    universe = {i.token for i in contracts.universe(DAY, SPOTS)}
    assert contracts.wanted(DAY, SPOTS) < universe
    # 36 strikes to each side of the centre's
    near = {i.strike for i in Universe(contracts.universe(DAY, SPOTS)).options("NIFTY", DAY)}
    assert (min(near), max(near), len(near)) == (22600.0, 26200.0, 73)
    # 18 steps on, 36 strikes still lie inside
    assert contracts.wanted(DAY, {**SPOTS, "NIFTY": 25300.0}) <= universe


def test_the_universe_takes_strikes_between_steps_too():
    odd = options("NIFTY", DAY, [24425.0])
    found = Universe(book([*market(), *odd]).universe(DAY, SPOTS)).options("NIFTY", DAY)
    assert {24425.0} < {i.strike for i in found}


def test_another_day_has_centres_of_its_own():
    contracts = book()
    contracts.wanted(DAY, SPOTS)
    assert len(contracts.wanted(date(2026, 8, 19), {})) == 10


def test_looks_into_the_store_once_a_day():
    kept = Kept()
    kept.keep(DAY, market())
    contracts = Contracts(kept, load_calendar())
    for spot in range(24400, 24800, 10):
        assert contracts.has(DAY)
        contracts.wanted(DAY, {**SPOTS, "NIFTY": float(spot)})
    assert kept.looks == 2


# -- fetching ------------------------------------------------------------------------------


def test_fetches_and_keeps_the_contracts_of_our_underlyings():
    kept = Kept()
    contracts = Contracts(kept, load_calendar())
    gold = "60000007,234375,GOLD26AUG,GOLD,0.0,soon,0.0,1.0,100,FUT,MCX-FUT,MCX"
    calls = DumpApi(dump(market(), gold, *INDEX_ROWS))
    assert not contracts.has(DAY)
    contracts.fetch(cast(KiteApi, calls), GRANT, DAY)
    assert contracts.has(DAY)
    assert calls.tokens == ["token"]
    assert sorted(i.token for i in kept.days[DAY]) == sorted(i.token for i in market())
    assert len(contracts.wanted(DAY, SPOTS)) == 442


def test_a_new_dump_is_used_at_once():
    contracts = book(day=DAY - timedelta(1))
    assert contracts.remarks(DAY)[0] == (
        "The instruments dump of 2026-08-18 is not here yet: an earlier one serves"
    )
    assert len(contracts.wanted(DAY, SPOTS)) == 442
    fewer = [i for i in market() if i.strike != 24500.0]
    contracts.fetch(api(dump(fewer)), GRANT, DAY)
    assert len(contracts.wanted(DAY, SPOTS)) == 438
    assert contracts.remarks(DAY) == ()


def test_without_any_dump_the_indices_are_taken():
    contracts = Contracts(Kept(), load_calendar())
    assert contracts.wanted(DAY, SPOTS) == INDEX_TOKENS
    assert contracts.remarks(DAY) == (
        "There is no instruments dump of 2026-08-18 or before: nothing but indices is taken",
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<html>maintenance</html>", "a web page"),
        (dump(market())[:-20], "breaks off in line"),
        (dump([i for i in market() if i.underlying != "SENSEX"]), "no futures of SENSEX"),
        (
            dump([i for i in market() if not (i.is_option and i.underlying == "BANKNIFTY")]),
            "no options of BANKNIFTY that trade on 2026-08-18",
        ),
        (dump(market()[:1] * 2 + market()[1:]), "instrument_token appears twice"),
        (
            dump(market(), INDEX_ROWS[0].replace("256265,1001", "256521,1002")),
            "gives the token 256521 to NIFTY 50",
        ),
        (
            dump(market(), INDEX_ROWS[0].replace("NIFTY 50", "NIFTY 100")),
            "gives the token 256265 to NIFTY 100",
        ),
        (dump(market()).replace(b",lot_size,", b",lots,"), "lacks the columns lot_size"),
    ],
)
def test_keeps_nothing_of_a_dump_it_cannot_believe(content: bytes, reason: str):
    kept = Kept()
    contracts = Contracts(kept, load_calendar())
    with pytest.raises(InputError, match=reason):
        contracts.fetch(api(content), GRANT, DAY)
    assert not kept.days
    assert not contracts.has(DAY)


def test_refuses_a_dump_that_lacks_most_of_what_traded_the_day_before():
    contracts = book(market(60), day=DAY - timedelta(1))
    with pytest.raises(InputError, match="holds 567 of the 2187 contracts that were known"):
        # 3 underlyings x (3 futures + 3 expiries x 31 strikes x 2), of 121 strikes
        contracts.fetch(api(dump(market(15))), GRANT, DAY)
    assert not contracts.has(DAY)


def test_a_dead_token_is_told_on():
    class Dead(DumpApi):
        def instruments(self, access_token: str) -> bytes:
            raise KiteTokenError("the access token is dead")

    with pytest.raises(KiteTokenError):
        book().fetch(cast(KiteApi, Dead(b"")), GRANT, DAY)


def test_says_where_the_dump_and_the_calendar_disagree():
    moved = [
        replace(i, expiry=date(2026, 8, 19))
        if (i.underlying, i.expiry) == ("SENSEX", sensex)
        else i
        for sensex in EXPIRIES["SENSEX"][:1]
        for i in market()
    ]
    contracts = book(moved)
    contracts.wanted(DAY, SPOTS)
    assert contracts.remarks(DAY) == (
        "SENSEX expires on 2026-08-19 by the instruments dump, on 2026-08-20 by Tezi's "
        "calendar: the dump is believed",
    )


# -- the real thing --------------------------------------------------------------------------


@pytest.mark.shared
def test_takes_442_of_a_real_dump(shared: Path):
    path = shared / "data" / "instruments" / "kite_instruments_nfo_bfo_20260818.csv.gz"
    kept = Kept()
    contracts = Contracts(kept, load_calendar())
    contracts.fetch(api(path.read_bytes()), GRANT, DAY)
    spots = {"NIFTY": 24523.0, "BANKNIFTY": 57081.0, "SENSEX": 80155.0}
    wanted = contracts.wanted(DAY, spots)
    universe = contracts.universe(DAY, spots)
    assert len(wanted) == 442
    assert contracts.remarks(DAY) == ()
    found = [i for i in universe if i.token in wanted]
    assert len(found) == 442
    assert {i.token for i in found if i.kind is Kind.INDEX} == INDEX_TOKENS
    lots = {(i.underlying, i.lot) for i in found if i.kind is not Kind.INDEX}
    assert lots == {("NIFTY", 65), ("BANKNIFTY", 30), ("SENSEX", 20)}
    assert strikes(contracts, spots, "NIFTY", DAY) == [23650.0 + 50 * k for k in range(36)]
    assert strikes(contracts, spots, "BANKNIFTY", date(2026, 9, 29)) == [
        55400.0 + 100 * k for k in range(36)
    ]
    assert strikes(contracts, spots, "SENSEX", date(2026, 8, 27)) == [
        78500.0 + 100 * k for k in range(36)
    ]
    assert [i.symbol for i in found if i.kind is Kind.FUTURE] == [
        "NIFTY26AUGFUT",
        "NIFTY26SEPFUT",
        "BANKNIFTY26AUGFUT",
        "BANKNIFTY26SEPFUT",
        "SENSEX26AUGFUT",
        "SENSEX26SEPFUT",
    ]


@pytest.mark.shared
def test_no_walk_of_real_prices_leaves_the_ladder_broken(shared: Path):
    path = shared / "data" / "instruments" / "kite_instruments_nfo_bfo_20260818.csv.gz"
    kept = Kept()
    kept.keep(DAY, read_instruments(path, UNDERLYINGS))
    contracts = Contracts(kept, load_calendar())
    walk = [
        {"NIFTY": 24000.0 + 7 * k, "BANKNIFTY": 56000.0 + 11 * k, "SENSEX": 80000.0 - 9 * k}
        for k in range(150)
    ]
    seen = [contracts.wanted(DAY, spots) for spots in walk]
    assert {len(one) for one in seen} == {442}
    changes = sum(a != b for a, b in itertools.pairwise(seen))
    # 1050 points of NIFTY are 7 re-centrings of 150, 1650 and 1350 of the others 5 and 4 of 300
    assert 12 <= changes <= 16


def test_what_one_process_fetched_the_next_one_has(tmp_path: Path):
    database = open_database(f"sqlite:///{tmp_path / 'tezi.db'}")
    try:
        Contracts(SqlContracts(database), load_calendar()).fetch(api(dump(market())), GRANT, DAY)
        later = Contracts(SqlContracts(database), load_calendar())
        assert later.has(DAY)
        assert len(later.wanted(DAY, SPOTS)) == 442
        assert not later.has(date(2026, 8, 19))
        assert len(later.wanted(date(2026, 8, 19), SPOTS)) == 442  # by the dump of the day before
    finally:
        database.close()
