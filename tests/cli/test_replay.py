"""A generated morning: generated once, listed, replayed with one digest."""

import sqlite3
from contextlib import closing
from pathlib import Path

import orjson

from tests.cli.conftest import Tezi, flip_a_byte

REPLAY = ("replay", "2026-08-18", "--until", "09:18", "--json")


def test_a_generated_day_is_listed_as_what_it_is(tezi: Tezi, generated: Path):
    ran = tezi("days")
    assert ran.code == 0
    assert "Tue 18 Aug 2026 MOCK 09:00–09:19" in ran.words
    assert "full ticks" in ran.words
    assert "442 instruments" in ran.words
    assert "not prepared" not in ran.words


def test_lines_fit_into_eighty_columns(tezi: Tezi, generated: Path):
    for words in (("days",), ("replay", "2026-08-18", "--until", "09:18"), ("doctor",)):
        assert max(len(line) for line in tezi(*words).out.splitlines()) <= 80


def test_a_day_is_not_generated_twice_unless_told(tezi: Tezi, generated: Path):
    ran = tezi("generate", "2026-08-18", "--until", "09:16")
    assert ran.code == 2
    assert "stored already: --replace makes it anew" in ran.words
    assert "09:00–09:19" in tezi("days").words
    assert tezi("generate", "2026-08-18", "--until", "09:16", "--replace").code == 0
    assert "09:00–09:15" in tezi("days").words


def test_the_same_tape_gives_the_same_digest(tezi: Tezi, generated: Path):
    first, second = (orjson.loads(tezi(*REPLAY).out) for _ in range(2))
    assert first["digest"] == second["digest"]
    assert len(first["digest"]) == 32
    assert first == second


def test_a_replay_tells_what_it_played(tezi: Tezi, generated: Path):
    told = orjson.loads(tezi(*REPLAY).out)
    assert told["day"] == "2026-08-18"
    assert told["source"] == "MOCK"
    assert told["until"] == "2026-08-18T09:18:00+05:30"
    assert told["ticks"] > 100_000
    assert told["failures"] == {}
    sections = {(one["underlying"], one["id"]) for one in told["final"]}
    assert {("NIFTY", "ema"), ("BANKNIFTY", "pcr"), ("SENSEX", "vwap")} <= sections
    assert (
        told["readings"] == len([one for one in told["final"] if one["timeframe"] == "1m"]) * 2
    )  # the bars of 09:15 and 09:16 are closed; that of 09:17 waits for its grace


def test_a_later_end_gives_another_digest(tezi: Tezi, generated: Path):
    at_17 = orjson.loads(tezi("replay", "2026-08-18", "--until", "09:17", "--json").out)
    at_18 = orjson.loads(tezi(*REPLAY).out)
    assert at_17["digest"] != at_18["digest"]
    assert at_17["ticks"] < at_18["ticks"]


def test_people_read_the_underlyings_in_order_with_short_bars_first(tezi: Tezi, generated: Path):
    lines = tezi("replay", "2026-08-18", "--until", "09:18").out.splitlines()
    names = [line.strip() for line in lines if line and not line.startswith(" ")][:3]
    assert names == ["NIFTY", "BANKNIFTY", "SENSEX"]
    assert lines[1].split()[:3] == ["adx", "1m", "09:17"]
    assert lines[-1].startswith("Digest over all readings: ")


def test_a_chosen_speed_does_not_change_the_digest(tezi: Tezi, generated: Path):
    at_most = orjson.loads(tezi("replay", "2026-08-18", "--until", "09:16", "--json").out)
    words = ("replay", "2026-08-18", "--until", "09:16", "--json", "--speed", "5000")
    assert orjson.loads(tezi(*words).out)["digest"] == at_most["digest"]


def test_a_day_is_prepared_anew_on_request(tezi: Tezi, generated: Path):
    ran = tezi("prepare", "2026-08-18", "--mock")
    assert ran.code == 0
    assert "2026-08-18 (MOCK) is prepared" in ran.words


def test_a_damaged_minute_is_named_and_the_rest_is_played(tezi: Tezi, generated: Path):
    whole = orjson.loads(tezi(*REPLAY).out)
    with closing(sqlite3.connect(generated / "tezi.sqlite")) as db, db:
        second = "(SELECT min(minute) + 15 FROM chunk)"
        db.execute(f"UPDATE chunk SET payload = zeroblob(100) WHERE minute = {second}")  # noqa: S608
    told = orjson.loads(tezi(*REPLAY).out)
    assert 0 < told["ticks"] < whole["ticks"]
    assert [reason[:39] for reason in told["damaged"]] == [
        "Damaged chunk at 09:15 on connection 1:"
    ]
    ran = tezi("replay", "2026-08-18", "--until", "09:18")
    assert ran.code == 0
    assert "2026-08-18: Damaged chunk at 09:15 on connection" in ran.words
    assert ran.err.strip().splitlines() == [
        "tezi: 2026-08-18 (MOCK) is damaged: 1 minute is left out, from 09:15. To mend it: "
        "`tezi generate 2026-08-18 --seed 1 --replace` makes the day anew"
    ]


def test_a_whole_day_is_replayed_without_a_word_on_the_error_stream(tezi: Tezi, generated: Path):
    assert not tezi(*REPLAY).err.strip()


def test_a_damaged_generated_day_is_made_anew(tezi: Tezi, generated: Path):
    flip_a_byte(generated)
    words = ("generate", "2026-08-18", "--until", "09:20")
    assert "stored already: --replace makes it anew" in tezi(*words).words
    assert tezi("doctor", "--deep").code == 1
    assert "seed 1: damaged" in tezi("days").words
    assert tezi(*words, "--replace").code == 0
    assert tezi("doctor", "--deep").code == 0
    assert "damaged" not in tezi("days").words
