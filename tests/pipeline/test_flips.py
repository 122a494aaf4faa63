"""Where all sections together turned: what the time machine marks with triangles."""

from types import SimpleNamespace

import numpy as np

from dashboard.core.calendar import load_calendar
from dashboard.core.table import Columns
from dashboard.pipeline.hours import trading_hours
from dashboard.pipeline.views.timeline import confluence_flips
from tests.pipeline.stored import DAY, seconds


def flips(*stances: float) -> list[tuple[int, int]]:
    start = seconds("09:15:00") + 300 * np.arange(len(stances))
    table = Columns(start, {"stance": np.array(stances)})
    pipeline = SimpleNamespace(
        sections=SimpleNamespace(tables={("NIFTY", "confluence", "5m"): table}),
        hours=trading_hours(load_calendar(), DAY),
    )
    return [(at - seconds("09:15:00"), side) for at, side in confluence_flips(pipeline, "NIFTY")]


def test_a_flip_stands_at_the_close_of_the_bar_that_entered_the_side():
    assert flips(0, 1, 1, 0, -1) == [(600, 1), (1500, -1)]


def test_a_side_that_is_there_from_the_first_bar_was_entered_by_it():
    assert flips(-1, -1) == [(300, -1)]


def test_leaving_a_side_is_no_flip_and_neither_is_too_little_coverage():
    assert flips(1, 0, np.nan, 0) == [(300, 1)]


def test_without_the_section_there_are_none():
    sections = SimpleNamespace(tables={})
    assert confluence_flips(SimpleNamespace(sections=sections), "NIFTY") == ()
