"""What is derived of a day: the same every time, all of it or none, anew when tapes change."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.core.errors import TapeError
from dashboard.core.market import INDICES
from dashboard.core.ports import Store, TapeInfo
from dashboard.pipeline.days import StoredDay, Tools
from dashboard.pipeline.prepare import compress, decompress, prepare_day, share_done
from dashboard.pipeline.state import State, empty_state, state_from_bytes
from storage.store import open_store
from tests.pipeline.frames import (
    CALL,
    DAY,
    FUTURE,
    NIFTY,
    PUT,
    Frame,
    Tick,
    instant,
    message,
    nanoseconds,
)
from tests.pipeline.stored import (
    AFTERNOON,
    afternoon_frames,
    damage,
    make_tools,
    picture,
    write,
)

DERIVED = ("SELECT * FROM bar", "SELECT * FROM chain", "SELECT * FROM checkpoint")


def silent(_share: float, _text: str) -> None:
    return


@pytest.fixture
def path(database: Path, tmp_path: Path) -> Path:
    """Return a copy of the stored days that a test may change."""
    return Path(shutil.copy(database, tmp_path / "tezi.db"))


@pytest.fixture
def tools(path: Path) -> Iterator[Tools]:
    store = open_store(f"sqlite:///{path}")
    yield make_tools(store)
    store.close()


def derived(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return every row that was derived."""
    with sqlite3.connect(path) as connection:
        found = {q: sorted(connection.execute(q), key=repr) for q in DERIVED}
    connection.close()
    return found


def prepare(tools: Tools, progress=silent) -> None:
    prepare_day(tools.store, DAY, AFTERNOON, tools.calendar, tools.decoder, progress)


def test_a_day_prepared_twice_is_the_same(tools, path):
    before = derived(path)
    assert all(len(rows) > 20 for rows in before.values())
    prepare(tools)
    assert derived(path) == before
    assert tools.store.day(DAY, AFTERNOON).prepared


def test_bars_of_every_timeframe_are_kept(tools):
    tokens = [NIFTY.token, FUTURE.token]
    until = nanoseconds("23:00:00") // 10**9
    counts = {
        name: {
            token: len(rows)
            for token, rows in tools.store.bars(DAY, AFTERNOON, tokens, name, until).items()
        }
        for name in ("1m", "5m", "15m", "30m")
    }
    # 15:08 to 15:39 without the three minutes of the gap; the index stops at 15:35
    assert counts["1m"] == {NIFTY.token: 24, FUTURE.token: 29}
    assert counts["5m"] == {NIFTY.token: 6, FUTURE.token: 7}
    assert counts["15m"] == {NIFTY.token: 3, FUTURE.token: 3}
    assert counts["30m"] == {NIFTY.token: 1, FUTURE.token: 2}


def test_a_preparation_that_breaks_off_changes_nothing(tools, path):
    before = derived(path)

    def give_up(_share: float, _text: str) -> None:
        raise KeyboardInterrupt

    interrupted = Tools(tools.store, tools.calendar, broken_decoder(), tools.signals, tools.past)
    with pytest.raises(KeyboardInterrupt):
        prepare(interrupted, give_up)
    assert derived(path) == before
    assert tools.store.day(DAY, AFTERNOON).prepared


def broken_decoder():
    def stop(_payload: bytes):
        raise KeyboardInterrupt

    return stop


def test_a_damaged_minute_is_told_and_left_out(tools, path):
    damage(path, "15:30", connection=1)
    told = []
    prepare_day(
        tools.store, DAY, AFTERNOON, tools.calendar, tools.decoder, silent, on_damage=told.append
    )
    (gap,) = told
    assert gap.started_ns == nanoseconds("15:30:00")
    assert "15:30 on connection 1: its digest does not match" in gap.reason
    assert tools.store.day(DAY, AFTERNOON).prepared
    until = nanoseconds("23:00:00") // 10**9
    bars = tools.store.bars(DAY, AFTERNOON, [FUTURE.token], "1m", until)[FUTURE.token]
    assert len(bars) == 28
    assert nanoseconds("15:30:00") // 10**9 not in bars["start"]


def bank_tape(store: Store) -> None:
    """Add a second tape to the day: BANKNIFTY, from its pre-open on."""
    bank = INDICES["BANKNIFTY"]
    frames = [
        Frame(nanoseconds(f"15:{minute}:01"), 3, message(tick))
        for minute in range(10, 15)
        for tick in [Tick(bank, 58_000.0 + minute, f"15:{minute}:01")]
    ]
    info = TapeInfo(DAY, AFTERNOON, "1m bars", "bank.csv", "d2")
    with store.begin_tape(info, [bank]) as tape:
        tape.append(frames)


def test_a_day_joined_by_another_tape_is_outdated_and_prepared_when_it_is_opened(tools):
    bank_tape(tools.store)
    assert not tools.store.day(DAY, AFTERNOON).prepared
    day = StoredDay(tools, DAY, AFTERNOON)
    seen = []
    day.load(lambda share, _text: seen.append(share))
    assert tools.store.day(DAY, AFTERNOON).prepared
    pipeline, _ = day.open(instant("15:13:30"))
    pipeline.close()
    bars = pipeline.series.get(INDICES["BANKNIFTY"].token, "1m").since(pipeline.hours.start)
    assert bars["close"].tolist() == [58_010.0, 58_011.0, 58_012.0]
    assert ("BANKNIFTY", "ema", "1m") in pipeline.sections.final


def test_the_other_tape_leaves_the_readings_of_the_first_alone(tools):
    def finals() -> dict[object, object]:
        day = StoredDay(tools, DAY, AFTERNOON)
        day.load(silent)
        pipeline, _ = day.open(instant("15:14:30"))
        pipeline.close()
        return {k: v for k, v in picture(pipeline)["final"].items() if k[0] == "NIFTY"}

    before = finals()
    bank_tape(tools.store)
    assert finals() == before


def test_a_prepared_day_is_not_prepared_again_when_it_is_opened(tools):
    def refuse(_payload: bytes):
        raise AssertionError("nothing is to be decoded")

    lazy = Tools(tools.store, tools.calendar, refuse, tools.signals, tools.past)
    StoredDay(lazy, DAY, AFTERNOON).load(silent)


def test_a_day_never_prepared_is_prepared_when_it_is_opened(tmp_path):
    store = open_store(f"sqlite:///{tmp_path / 'new.db'}")
    write(store, AFTERNOON, afternoon_frames(), (NIFTY, FUTURE, CALL, PUT))
    tools = make_tools(store)
    assert not store.day(DAY, AFTERNOON).prepared
    day = StoredDay(tools, DAY, AFTERNOON)
    day.load(silent)
    assert store.day(DAY, AFTERNOON).prepared
    minutes, closes = day.silhouette("NIFTY")
    assert (len(minutes), len(closes)) == (24, 24)
    assert len(day.silhouette("SENSEX")[0]) == 0
    store.close()


def test_a_checkpoint_of_another_universe_is_refused():
    state: State = empty_state(3, {})
    with pytest.raises(TapeError, match="prepare the day again"):
        state_from_bytes(state.to_bytes(), 4)


def test_a_chain_snapshot_is_kept_to_the_byte(tools):
    day = StoredDay(tools, DAY, AFTERNOON)
    day.load(silent)
    pipeline, _ = day.open(instant("15:14:30"))
    pipeline.close()
    ((_, _, snapshots),) = pipeline.chains.snapshots()
    assert len(snapshots) > 4
    for snapshot in snapshots:
        assert decompress(compress(snapshot)).to_bytes() == snapshot.to_bytes()


def test_the_share_done_is_between_none_and_all():
    assert share_done(5, None, None) == 1.0
    assert share_done(5, 5, 5) == 1.0
    assert share_done(6, 4, 8) == 0.5
    assert share_done(20, 4, 8) == 1.0
