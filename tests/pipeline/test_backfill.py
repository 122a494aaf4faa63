"""A hole filled with historical candles: known from then on, never before, nothing overwritten."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from dashboard.core.errors import TapeError
from dashboard.core.market import NOTES, BarFlag, Frame, Source
from dashboard.core.ports import BAR_DTYPE
from dashboard.pipeline.days import StoredDay, Tools
from dashboard.pipeline.notes import backfill_note, read_backfill
from dashboard.pipeline.pipeline import Pipeline
from feeds.wire import decode_many
from storage.store import open_store
from tests.pipeline.frames import DAY, FUTURE, NIFTY, Play, Tick, instant, nanoseconds, seconds
from tests.pipeline.stored import (
    MORNING,
    make_tools,
    morning_frames,
    morning_instruments,
    picture,
    play_to,
    random_instants,
    write,
)

LOST, BACK, FILLED = "09:19:40", "09:23:10", "09:25:20"


def candles(token: int, *rows: tuple[str, float, float, float, float]) -> np.ndarray:
    bars = np.zeros(len(rows), dtype=BAR_DTYPE)
    bars["token"] = token
    bars["start"] = [seconds(f"{row[0]}:00") for row in rows]
    for place, name in enumerate(("open", "high", "low", "close"), start=1):
        bars[name] = [row[place] for row in rows]
    bars["volume"] = bars["oi"] = np.nan
    return bars


# -- the note ---------------------------------------------------------------------------


def test_a_note_keeps_prices_and_says_what_is_unknown():
    bars = candles(256265, ("09:20", 100.05, 101.0, 99.95, 100.5))
    note = backfill_note(bars, 5)
    assert (note.connection, note.received_ns) == (NOTES, 5)
    read = read_backfill(note.payload)
    assert read[["token", "start", "open", "high", "low", "close"]].tolist() == [
        (256265, seconds("09:20:00"), 100.05, 101.0, 99.95, 100.5)
    ]
    assert np.isnan(read["volume"]).all()
    assert read["flags"].tolist() == [BarFlag.BACKFILLED]


@pytest.mark.parametrize("payload", [b"{", b"[]", b'{"tezi":"more","fields":[],"bars":[]}'])
def test_a_note_that_cannot_be_read_says_so(payload: bytes):
    with pytest.raises(TapeError, match="note"):
        read_backfill(payload)


# -- in a pipeline ------------------------------------------------------------------------


def a_hole(play) -> Play:
    """Return NIFTY at 100 in 09:15 and 103 in 09:18, nothing between."""
    made = play(NIFTY).connect()
    made.send(Tick(NIFTY, 100.0, "09:15:10"))
    made.send(Tick(NIFTY, 103.0, "09:18:10"))
    made.until("09:20:06")
    return made


def fill(made: Play, *rows: tuple[str, float, float, float, float], token: int = 256265) -> None:
    made.pipeline.process(backfill_note(candles(token, *rows), nanoseconds("09:20:30")))


def closes(made: Play, timeframe: str = "1m") -> list[float]:
    return made.pipeline.series.get(256265, timeframe).bars["close"].tolist()


def test_fills_minutes_that_have_no_bar_and_makes_longer_bars_anew(play):
    made = a_hole(play)
    assert closes(made) == [100.0, 103.0]
    fill(made, ("09:16", 100.0, 140.0, 100.0, 101.0), ("09:17", 101.0, 102.0, 60.0, 102.0))
    assert closes(made) == [100.0, 101.0, 102.0, 103.0]
    five = made.pipeline.series.get(256265, "5m").bars
    assert five[["high", "low", "close"]].tolist() == [(140.0, 60.0, 103.0)]
    assert five["flags"][0] & BarFlag.BACKFILLED


def test_never_overwrites_what_was_received(play):
    made = a_hole(play)
    fill(made, ("09:15", 1.0, 1.0, 1.0, 1.0), ("09:18", 1.0, 1.0, 1.0, 1.0))
    assert closes(made) == [100.0, 103.0]


@pytest.mark.parametrize(
    ("at", "why"), [("09:20", "still open"), ("09:05", "before the open"), ("16:00", "after it")]
)
def test_takes_closed_minutes_of_trading_only(play, at: str, why: str):
    made = a_hole(play)
    fill(made, (at, 1.0, 1.0, 1.0, 1.0))
    assert closes(made) == [100.0, 103.0], why


def test_an_instrument_without_a_series_changes_nothing(play):
    made = a_hole(play)
    fill(made, ("09:16", 1.0, 1.0, 1.0, 1.0), token=FUTURE.token)
    assert closes(made) == [100.0, 103.0]


def test_a_note_is_no_message_of_the_feed(play):
    made = a_hole(play)
    before = (made.pipeline.state.last_ns, made.pipeline.messages)
    fill(made, ("09:16", 100.0, 101.0, 100.0, 101.0))
    assert (made.pipeline.state.last_ns, made.pipeline.messages) == before


def test_a_text_message_of_the_exchange_is_no_damaged_packet(play):
    made = a_hole(play)
    made.pipeline.process(Frame(nanoseconds("09:20:31"), 1, b'{"type":"order","data":{}}'))
    assert made.counters.get("bad_packet", 0) == 0


# -- on a tape ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def holed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tools]:
    """Return a generated morning with a hole that is filled two minutes after it."""
    path: Path = tmp_path_factory.mktemp("holed") / "tezi.db"
    store = open_store(f"sqlite:///{path}")
    write(store, MORNING, holed_frames(), morning_instruments())
    tools = replace(make_tools(store), decode_many=decode_many)
    StoredDay(tools, DAY, MORNING).load(lambda _share, _text: None)
    yield tools
    store.close()


def holed_frames() -> tuple[Frame, ...]:
    lost, back = nanoseconds(LOST), nanoseconds(BACK)
    kept = [f for f in morning_frames() if not lost <= f.received_ns < back]
    kept += [Frame(back - 1, connection, b"") for connection in (1, 2)]
    rows = [(f"09:{m}", 24_500.0, 24_502.0, 24_498.0, 24_501.0) for m in (19, 20, 21, 22, 23)]
    kept.append(backfill_note(candles(NIFTY.token, *rows), nanoseconds(FILLED)))
    return tuple(sorted(kept, key=lambda f: f.received_ns))


def opened(tools: Tools, at: datetime | None) -> tuple[Pipeline, Iterator[Frame]]:
    day = StoredDay(tools, DAY, MORNING)
    day.load(lambda _share, _text: None)
    return day.open(at)


def minutes(pipeline: Pipeline) -> list[str]:
    bars = pipeline.series.get(NIFTY.token, "1m").since(seconds("09:15:00"))
    return [f"{(int(b) - seconds('00:00:00')) // 60 % 60:02d}" for b in bars["start"]]


def test_before_the_note_the_hole_is_there(holed: Tools):
    pipeline, _ = opened(holed, instant("09:25:19"))
    assert minutes(pipeline) == ["15", "16", "17", "18", "19", "23", "24"]
    pipeline.close()


def test_after_the_note_it_is_filled(holed: Tools):
    pipeline, _ = opened(holed, instant("09:25:21"))
    assert minutes(pipeline) == ["15", "16", "17", "18", "19", "20", "21", "22", "23", "24"]
    pipeline.close()


def test_to_seek_is_to_have_played(holed: Tools):
    instants = sorted(
        [
            instant("09:22:00"),
            instant("09:24:00"),
            instant("09:25:19"),
            instant("09:25:20"),
            instant("09:25:21"),
            instant("09:26:06"),
            instant("09:30:06"),
            *random_instants("09:24:00", "09:32:00", 8),
        ]
    )
    pipeline, frames = opened(holed, None)
    for at in instants:
        frames = play_to(pipeline, frames, at)
        sought, _ = opened(holed, at)
        played, found = picture(pipeline), picture(sought)
        for part in played:
            assert found[part] == played[part], (at, part)
        sought.close()
    pipeline.close()


def test_the_day_after_has_the_filled_bars_in_its_past(holed: Tools):
    found = holed.store.bars(DAY, Source.MOCK, [NIFTY.token], "1m", seconds("16:00:00"))
    flags = dict(
        zip(found[NIFTY.token]["start"].tolist(), found[NIFTY.token]["flags"].tolist(), strict=True)
    )
    assert flags[seconds("09:21:00")] == BarFlag.BACKFILLED
    assert flags[seconds("09:18:00")] == 0


def test_a_bar_that_closes_before_anybody_looked_goes_on_from_the_filled_bars(holed: Tools):
    at = instant("09:30:06")  # the bar of 09:25; that of 09:20 was whole only after the note
    pipeline, frames = opened(holed, None)
    play_to(pipeline, frames, at)
    sought, _ = opened(holed, at)
    played, found = picture(pipeline)["final"], picture(sought)["final"]
    assert {key for key in found if played[key] != found[key]} == set()
    sought.close()
    pipeline.close()
