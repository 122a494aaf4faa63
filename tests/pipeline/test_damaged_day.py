"""A chunk of a day is damaged: every other minute plays, and opens as if it had played."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dashboard.core.clock import MINUTE_S
from dashboard.core.market import BarFlag, Frame
from dashboard.core.ports import Gap
from dashboard.pipeline.days import StoredDay, Tools
from dashboard.pipeline.prepare import prepare_day
from dashboard.pipeline.replaying import replay_day
from feeds.wire import HEARTBEAT
from storage.store import open_store
from tests.pipeline.frames import DAY, FUTURE, Tick, instant, message, nanoseconds, seconds
from tests.pipeline.stored import AFTERNOON, damage, make_tools, picture, play_to, write

BEFORE, WITHIN, NEXT, LATER = (
    instant(at) for at in ("15:13:30", "15:14:30", "15:15:10", "15:33:00")
)


@pytest.fixture
def path(database: Path, tmp_path: Path) -> Path:
    """Return a copy of the stored days in which the afternoon's 15:14 is damaged."""
    copy = Path(shutil.copy(database, tmp_path / "damaged.db"))
    damage(copy, "15:14", connection=1)
    return copy


@pytest.fixture
def tools(path: Path) -> Iterator[Tools]:
    store = open_store(f"sqlite:///{path}")
    yield make_tools(store)
    store.close()


def opened(tools: Tools) -> tuple[StoredDay, list[Gap]]:
    told: list[Gap] = []
    day = StoredDay(tools, DAY, AFTERNOON, on_damage=told.append)
    day.load(lambda _share, _text: None)
    return day, told


def prepare(tools: Tools) -> None:
    prepare_day(
        tools.store, DAY, AFTERNOON, tools.calendar, tools.decoder, on_damage=lambda _gap: None
    )


def forget_checkpoints(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        assert db.execute("DELETE FROM checkpoint").rowcount > 20


def starts(pipeline) -> list[int]:
    """Return the future's minutes of this session, counted from 15:00."""
    bars = pipeline.series.get(FUTURE.token, "1m").since(nanoseconds("15:00:00") // 10**9)
    return [(int(start) - nanoseconds("15:00:00") // 10**9) // 60 for start in bars["start"]]


def test_a_replay_plays_everything_else_and_names_the_minute(tools):
    result = replay_day(tools, DAY, AFTERNOON)
    (gap,) = result.damaged
    assert (gap.started_ns, gap.ended_ns) == (nanoseconds("15:14:00"), nanoseconds("15:15:00"))
    assert gap.reason.startswith("Damaged chunk at 15:14 on connection 1: ")
    assert result.failures == {}
    bars = {row["bar_ts"][11:16] for row in tools.store.readings(DAY, AFTERNOON, timeframe="1m")}
    assert {"15:13", "15:15", "15:38"} <= bars
    assert replay_day(tools, DAY, AFTERNOON).digest == result.digest


def test_a_replay_that_ends_before_the_damage_does_not_speak_of_it(tools):
    assert replay_day(tools, DAY, AFTERNOON, BEFORE, keep=False).damaged == ()


@pytest.mark.parametrize("at", [BEFORE, WITHIN, NEXT, LATER])
def test_every_minute_opens_from_its_checkpoint_as_if_it_had_played(tools, at):
    prepare(tools)
    day, _ = opened(tools)
    played, frames = day.open(None)
    play_to(played, frames, at)
    sought, _ = day.open(at)
    for name, value in picture(played).items():
        assert picture(sought)[name] == value, name
    played.close()
    sought.close()


@pytest.mark.parametrize("at", [WITHIN, NEXT, LATER])
def test_every_minute_opens_without_checkpoints_too(tools, path, at):
    forget_checkpoints(path)
    day, told = opened(tools)
    pipeline, _ = day.open(at)
    pipeline.close()
    found = starts(pipeline)
    assert 14 not in found
    assert {8, 13} <= set(found)
    assert (15 in found, 31 in found) == (at is LATER, at is LATER)
    assert len(told) == 1


def test_a_day_prepared_before_the_damage_keeps_what_it_derived_then(tools):
    day, told = opened(tools)
    pipeline, frames = day.open(LATER)
    assert next(frames).received_ns > nanoseconds("15:33:00")
    pipeline.close()
    assert {13, 14, 15} <= set(starts(pipeline))
    assert told == []


def test_the_damage_is_a_gap_of_the_day_once_it_was_met(tools):
    day, told = opened(tools)
    assert day.summary().gaps == ()
    for _ in range(2):
        pipeline, _ = day.open(NEXT.replace(minute=14, second=50))
        pipeline.close()
    assert len(told) == 1
    assert day.summary().gaps == tuple(told)


def future_bars(folder: Path, damaged: str) -> dict[str, tuple[float, bool]]:
    """Return (volume, partial) of each bar of a future that trades 100 twice a minute."""
    frames = [Frame(nanoseconds("09:14:59"), 1, HEARTBEAT)]
    clocks = [f"09:{minute}:{second}" for minute in (15, 16, 17, 18) for second in (10, 40)]
    for count, at in enumerate(clocks, start=1):
        tick = Tick(FUTURE, 24_500.0, at, volume=100.0 * count, traded=at)
        frames.append(Frame(nanoseconds(at), 1, message(tick)))
    path = folder / "tezi.db"
    store = open_store(f"sqlite:///{path}")
    write(store, AFTERNOON, tuple(frames), (FUTURE,))
    damage(path, damaged, connection=1)
    prepare(make_tools(store))
    until = seconds("15:30:00")
    bars = store.bars(DAY, AFTERNOON, [FUTURE.token], "1m", until)[FUTURE.token]
    store.close()
    opened = seconds("09:15:00")
    return {
        f"09:{15 + (int(bar['start']) - opened) // MINUTE_S}": (
            float(bar["volume"]),
            bool(bar["flags"] & BarFlag.PARTIAL),
        )
        for bar in bars
    }


def test_the_bar_after_the_damage_is_partial_and_counts_its_own_volume_only(tmp_path):
    # 09:17 opens at a total of 500, of which nobody knows what 09:16 had: 100 is its own
    assert future_bars(tmp_path, damaged="09:16") == {
        "09:15": (200.0, False),
        "09:17": (100.0, True),
        "09:18": (200.0, False),
    }


def test_so_is_the_first_bar_when_the_opening_minute_is_damaged(tmp_path):
    assert future_bars(tmp_path, damaged="09:15") == {
        "09:16": (100.0, True),
        "09:17": (200.0, False),
        "09:18": (200.0, False),
    }
