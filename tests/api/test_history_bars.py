"""Bars before a session: its sections' own beginning, whenever they are asked for."""

from dataclasses import dataclass
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from dashboard.api.documents.bars import Bars
from dashboard.api.history_bars import Asked, session_bars
from dashboard.api.parts import ApiParts
from dashboard.core.clock import day_start_s
from dashboard.core.market import INDICES, Source
from dashboard.core.ports import BAR_DTYPE
from tests.pipeline.frames import DAY, instant

OPEN_S = 9 * 3600 + 15 * 60


def bars_of(day: date) -> Bars:
    bars = np.zeros(3, BAR_DTYPE)
    bars["start"] = day_start_s(day) + OPEN_S + 60 * np.arange(3)
    return bars


@dataclass
class FewDays:
    """A store of three bars a day."""

    days: list[date]  # latest first

    def sessions_before(self, day: date, _source: Source, _count: int) -> list[date]:
        return [one for one in self.days if one < day]

    def bars_before(
        self, day: date, _source: Source, tokens: list[int], *_: Any
    ) -> dict[int, Bars]:
        found = [bars_of(one) for one in reversed(self.days) if one < day]
        return {tokens[0]: np.concatenate([np.empty(0, BAR_DTYPE), *found])}

    def bars(self, day: date, _source: Source, tokens: list[int], *_: Any) -> dict[int, Bars]:
        return {tokens[0]: bars_of(day)}


def test_nothing_is_taken_from_before_a_long_hole():
    yesterday, long_ago = DAY - timedelta(days=1), DAY - timedelta(days=30)
    store = FewDays([yesterday, long_ago])
    asked = Asked(
        cast(Any, SimpleNamespace(pipeline=None)),
        cast(Any, SimpleNamespace(day=DAY, at=instant("15:30:00"), source=Source.RECORDED)),
        INDICES["NIFTY"],
        "1m",
    )
    parts = cast(ApiParts, SimpleNamespace(store=store))
    assert DAY.weekday() == 1  # yesterday was no weekend
    expected = [*bars_of(yesterday)["start"], *bars_of(DAY)["start"]]
    assert session_bars(parts, asked, DAY)["start"].tolist() == expected
