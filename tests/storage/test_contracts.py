"""The contracts of each day, and what a token meant when."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from dashboard.core.market import Instrument, Kind
from storage.contracts import Meaning, SqlContracts
from storage.engine import Database

MONDAY, TUESDAY, WEDNESDAY, THURSDAY = (date(2026, 1, 12) + timedelta(n) for n in range(4))
FUTURE = Instrument(
    14866434, "NIFTY26JANFUT", "NFO", "NIFTY", Kind.FUTURE, date(2026, 1, 27), None, 65, 0.1
)
CALL = Instrument(
    14866690, "NIFTY2611325000CE", "NFO", "NIFTY", Kind.CALL, TUESDAY, 25000.0, 65, 0.05
)
# the election holiday of 15 January moved the expiry of contracts that traded already
SENSEX = Instrument(
    225000709, "SENSEX2611583000PE", "BFO", "SENSEX", Kind.PUT, THURSDAY, 83000.0, 20, 0.05
)
RENAMED = replace(SENSEX, symbol="SENSEX2611483000PE", expiry=WEDNESDAY)


@pytest.fixture
def contracts(database: Database) -> SqlContracts:
    return SqlContracts(database)


def symbols(instruments: Sequence[Instrument]) -> list[str]:
    return [one.symbol for one in instruments]


def test_gives_back_a_day_s_contracts_by_token(contracts: SqlContracts):
    contracts.keep(MONDAY, [SENSEX, CALL, FUTURE])
    assert contracts.on(MONDAY) == (FUTURE, CALL, SENSEX)


def test_knows_which_dumps_it_has(contracts: SqlContracts):
    contracts.keep(MONDAY, [FUTURE])
    contracts.keep(WEDNESDAY, [FUTURE])
    days = (MONDAY, TUESDAY, WEDNESDAY, THURSDAY)
    assert [contracts.has(day) for day in days] == [True, False, True, False]


def test_a_day_without_a_dump_has_the_one_before_s(contracts: SqlContracts):
    contracts.keep(MONDAY, [FUTURE, CALL])
    contracts.keep(THURSDAY, [FUTURE, SENSEX])
    assert symbols(contracts.on(MONDAY - timedelta(1))) == []
    assert symbols(contracts.on(TUESDAY)) == ["NIFTY26JANFUT", "NIFTY2611325000CE"]
    assert symbols(contracts.on(THURSDAY)) == ["NIFTY26JANFUT", "SENSEX2611583000PE"]


def test_what_has_expired_is_not_traded(contracts: SqlContracts):
    contracts.keep(MONDAY, [FUTURE, CALL])
    assert symbols(contracts.on(TUESDAY)) == ["NIFTY26JANFUT", "NIFTY2611325000CE"]
    assert symbols(contracts.on(WEDNESDAY)) == ["NIFTY26JANFUT"]


def test_a_renamed_contract_keeps_both_names(contracts: SqlContracts):
    contracts.keep(MONDAY, [SENSEX])
    contracts.keep(TUESDAY, [RENAMED])
    contracts.keep(WEDNESDAY, [RENAMED])
    assert contracts.symbols_of(225000709) == (
        Meaning("SENSEX2611583000PE", MONDAY, MONDAY),
        Meaning("SENSEX2611483000PE", TUESDAY, WEDNESDAY),
    )
    # what only Monday's dump held is gone on Tuesday, though it would expire on Thursday
    assert symbols(contracts.on(MONDAY)) == ["SENSEX2611583000PE"]
    assert symbols(contracts.on(TUESDAY)) == ["SENSEX2611483000PE"]
    assert contracts.token_of("SENSEX2611583000PE", MONDAY) == 225000709
    assert contracts.token_of("SENSEX2611583000PE", TUESDAY) is None
    assert contracts.token_of("SENSEX2611483000PE", THURSDAY) == 225000709
    assert contracts.token_of("SENSEX2611483000PE", MONDAY - timedelta(1)) is None


def test_a_token_that_is_used_again_means_the_later_contract(contracts: SqlContracts):
    later = replace(CALL, symbol="NIFTY2612025500CE", expiry=date(2026, 1, 20), strike=25500.0)
    contracts.keep(MONDAY, [CALL])
    contracts.keep(WEDNESDAY, [later])
    assert contracts.on(TUESDAY) == (CALL,)
    assert contracts.on(WEDNESDAY) == (later,)


def test_a_second_dump_of_a_day_that_renames_wins(contracts: SqlContracts):
    contracts.keep(MONDAY, [SENSEX])
    contracts.keep(TUESDAY, [SENSEX])
    contracts.keep(TUESDAY, [RENAMED])
    assert contracts.on(TUESDAY) == (RENAMED,)


def test_a_lot_is_that_of_the_latest_dump_whatever_came_last(contracts: SqlContracts):
    contracts.keep(WEDNESDAY, [replace(FUTURE, lot=75)])
    contracts.keep(MONDAY, [FUTURE])
    assert contracts.on(WEDNESDAY) == (replace(FUTURE, lot=75),)
    assert contracts.symbols_of(14866434) == (Meaning("NIFTY26JANFUT", MONDAY, WEDNESDAY),)


def test_nothing_is_known_before_the_first_dump(contracts: SqlContracts):
    assert contracts.on(MONDAY) == ()
    assert contracts.symbols_of(1) == ()
    assert contracts.token_of("NIFTY26JANFUT", MONDAY) is None
    assert not contracts.has(MONDAY)
