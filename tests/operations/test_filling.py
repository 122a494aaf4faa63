"""Holes are asked for once, and once more later; what cannot be had is left alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import cast

import numpy as np
import pytest

from dashboard.core.errors import KiteError, KiteLimitError, KiteTokenError, StoreError
from dashboard.core.kite import KiteApi
from dashboard.operations.filling import CandleFiller
from dashboard.operations.parts import Filler, Recording, Spans
from tests.operations.candles import DAY, FUTURE, GRANT, NIFTY, Bars, CandleApi, at, candles

NOW = at("10:30")
OTHER = 265


@dataclass
class Desk:
    """A live day with holes, which what is handed over fills."""

    holes: dict[int, list[int]]
    day: date | None = DAY
    handed: list[Bars] = field(default_factory=list)
    error: Exception | None = None

    def missing(self, now_s: int) -> Mapping[int, Spans]:
        return {t: tuple((m, m + 60) for m in minutes) for t, minutes in self.holes.items()}

    def backfill(self, bars: Bars) -> None:
        if self.error:
            raise self.error
        self.handed.append(bars)
        for token, start in bars[["token", "start"]].tolist():
            self.holes[token].remove(start)


def fill(filler: Filler, api: CandleApi, desk: Desk, now_s: int = NOW) -> int:
    return filler.fill(cast(KiteApi, api), GRANT, cast(Recording, desk), now_s)


def minutes(first: str, count: int) -> list[int]:
    return [at(first) + 60 * n for n in range(count)]


def holes(hole: list[int], *tokens: int) -> dict[int, list[int]]:
    return {token: list(hole) for token in tokens}


def test_hands_over_all_that_is_missing_at_once():
    hole = minutes("10:00", 5)
    api = CandleApi(candles(NIFTY, minutes("09:15", 100)), candles(FUTURE, hole, volume=65.0))
    desk = Desk(holes(hole, NIFTY, FUTURE))
    assert fill(CandleFiller(), api, desk) == 10
    assert api.asked == [(NIFTY, "10:00", "10:05"), (FUTURE, "10:00", "10:05")]
    (bars,) = desk.handed
    assert bars["token"].tolist() == [NIFTY] * 5 + [FUTURE] * 5
    assert bars["start"].tolist() == hole * 2
    assert np.isnan(bars["volume"][:5]).all()
    assert bars["volume"][5:].tolist() == [65.0] * 5
    assert desk.holes == {NIFTY: [], FUTURE: []}


def test_one_request_spans_all_holes_of_an_instrument_and_only_holes_are_filled():
    hole = [*minutes("09:20", 2), *minutes("10:00", 1)]
    api = CandleApi(candles(NIFTY, minutes("09:15", 60)))
    desk = Desk(holes(hole, NIFTY))
    assert fill(CandleFiller(), api, desk) == 3
    assert api.asked == [(NIFTY, "09:20", "10:01")]
    assert desk.handed[0]["start"].tolist() == hole


def test_nothing_missing_asks_nothing():
    api, desk = CandleApi(), Desk({})
    assert fill(CandleFiller(), api, desk) == 0
    assert fill(CandleFiller(), api, Desk({NIFTY: minutes("10:00", 1)}, day=None)) == 0
    assert (api.asked, desk.handed) == ([], [])


def test_a_minute_that_has_just_ended_is_left_to_settle():
    api, desk = CandleApi(candles(NIFTY, minutes("10:28", 2))), Desk({NIFTY: minutes("10:28", 2)})
    filler = CandleFiller()
    assert fill(filler, api, desk, NOW + 14) == 1
    assert fill(filler, api, desk, NOW + 15) == 1
    assert api.asked == [(NIFTY, "10:28", "10:29"), (NIFTY, "10:29", "10:30")]


def test_a_minute_without_a_trade_is_asked_for_twice_and_never_again():
    api, desk, filler = CandleApi(), Desk({FUTURE: minutes("10:00", 2)}), CandleFiller()
    for passed in range(0, 3600, 60):
        assert fill(filler, api, desk, NOW + passed) == 0
    assert api.asked == [(FUTURE, "10:00", "10:02")] * 2
    assert desk.handed == []


def test_a_candle_that_lags_is_had_five_minutes_later():
    api, desk, filler = CandleApi(), Desk({FUTURE: minutes("10:00", 1)}), CandleFiller()
    assert fill(filler, api, desk) == 0
    api.bars = candles(FUTURE, minutes("10:00", 1))
    assert fill(filler, api, desk, NOW + 299) == 0
    assert fill(filler, api, desk, NOW + 300) == 1
    assert len(api.asked) == 2


def test_a_new_hole_is_asked_for_alone():
    api, filler = CandleApi(), CandleFiller()
    desk = Desk({FUTURE: minutes("10:00", 2)})
    fill(filler, api, desk)
    desk.holes[FUTURE] += minutes("10:20", 1)
    fill(filler, api, desk, NOW + 60)
    assert api.asked[-1] == (FUTURE, "10:20", "10:21")


def test_a_limit_leaves_everything_for_when_it_is_over():
    hole = minutes("10:00", 1)
    api = CandleApi(*(candles(token, hole) for token in (OTHER, NIFTY, FUTURE)))
    api.errors = [None, KiteLimitError("too many requests", 30.0)]
    desk, filler = Desk(holes(hole, OTHER, NIFTY, FUTURE)), CandleFiller()
    assert fill(filler, api, desk) == 1  # what came before the refusal
    assert fill(filler, api, desk, NOW + 29) == 0
    assert len(api.asked) == 2
    assert fill(filler, api, desk, NOW + 30) == 2
    assert [token for token, *_ in api.asked] == [OTHER, NIFTY, FUTURE, NIFTY]


def test_a_disturbed_kite_is_asked_ever_more_rarely():
    api, desk, filler = CandleApi(), Desk({NIFTY: minutes("10:00", 1)}), CandleFiller()
    api.errors = [KiteError("no answer within 7 s")] * 4
    asked_at = []
    for passed in range(120):
        before = len(api.asked)
        fill(filler, api, desk, NOW + passed)
        if len(api.asked) > before:
            asked_at.append(passed)
    assert asked_at == [0, 5, 15, 35, 75]


def test_an_instrument_that_fails_does_not_keep_the_others_waiting():
    hole = minutes("10:00", 1)
    api = CandleApi(candles(NIFTY, hole), candles(FUTURE, hole))
    api.errors = [KiteError("unknown instrument"), None, None, KiteError("unknown instrument")]
    desk, filler = Desk(holes(hole, OTHER, NIFTY, FUTURE)), CandleFiller()
    assert fill(filler, api, desk) == 0
    assert fill(filler, api, desk, NOW + 5) == 2
    assert [token for token, *_ in api.asked] == [OTHER, NIFTY, FUTURE, OTHER]


def test_a_dead_token_is_told_on_and_nothing_that_came_is_lost():
    hole = minutes("10:00", 1)
    api = CandleApi(candles(NIFTY, hole), candles(FUTURE, hole))
    api.errors = [None, KiteTokenError("the access token is dead")]
    desk, filler = Desk(holes(hole, NIFTY, FUTURE)), CandleFiller()
    with pytest.raises(KiteTokenError):
        fill(filler, api, desk)
    assert [len(bars) for bars in desk.handed] == [1]
    assert fill(filler, api, desk, NOW + 1) == 1  # with a token that lives


def test_what_could_not_be_kept_is_asked_for_again():
    hole = minutes("10:00", 1)
    api, desk = CandleApi(candles(NIFTY, hole)), Desk({NIFTY: hole[:]}, error=StoreError("busy"))
    filler = CandleFiller()
    with pytest.raises(StoreError):
        fill(filler, api, desk)
    desk.error = None
    assert fill(filler, api, desk, NOW + 1) == 1


def test_candles_of_other_instruments_and_minutes_are_left_out():
    class Generous(CandleApi):
        def candles(self, *_args: object) -> Bars:  # type: ignore[override]
            return self.bars

    hole = minutes("10:00", 1)
    wrong = candles(OTHER, hole)
    api = Generous(wrong, candles(NIFTY, minutes("09:59", 3)), candles(NIFTY, hole, close=7.0))
    desk = Desk({NIFTY: hole[:]})
    assert fill(CandleFiller(), api, desk) == 1
    assert desk.handed[0][["token", "start", "close"]].tolist() == [(NIFTY, hole[0], 100.0)]


def test_another_day_is_asked_for_anew():
    api, filler, desk = CandleApi(), CandleFiller(), Desk({FUTURE: minutes("10:00", 1)})
    fill(filler, api, desk)
    fill(filler, api, desk, NOW + 300)
    desk.day = date(2026, 7, 15)
    fill(filler, api, desk, NOW + 301)
    assert len(api.asked) == 3
