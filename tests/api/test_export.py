"""A stored day as CSV, Parquet and Arrow: the same rows, and all of them."""

import io
from collections.abc import Callable
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from fastapi.testclient import TestClient
from pyarrow import ipc, parquet

from dashboard.api.parts import ApiParts
from dashboard.auth.identity import Role
from dashboard.core.market import Source
from tests.pipeline.frames import DAY

PATH = "/v1/export"
ASKED = {"day": "2026-08-18", "source": "MOCK"}


def table(client: TestClient, **params: Any) -> pd.DataFrame:
    answer = client.get(PATH, params=ASKED | {"format": "arrow"} | params)
    assert answer.status_code == 200, answer.text
    return ipc.open_stream(answer.content).read_all().to_pandas()


def test_bars_are_the_store_s(client: TestClient, parts: ApiParts):
    found = table(client, what="bars", instrument="NIFTY 50")
    stored = parts.store.bars(DAY, Source.MOCK, [256265], "1m", 2**40)[256265]
    assert found["close"].tolist() == stored["close"].tolist()
    assert str(found["start"].dt.tz) == "Asia/Kolkata"
    starts = [at.timestamp() for at in found["start"]]
    assert starts == stored["start"].tolist()


def test_every_tick_of_the_tape_is_there(client: TestClient, parts: ApiParts):
    found = table(client, what="ticks")
    assert len(found) == parts.store.day(DAY, Source.MOCK).ticks
    assert found["received"].is_monotonic_increasing
    assert found["symbol"].ne("").all()


def test_ticks_of_one_instrument_are_its_alone(client: TestClient):
    found = table(client, what="ticks", instrument="NIFTY26AUGFUT")
    assert set(found["symbol"]) == {"NIFTY26AUGFUT"}
    quoted = found.dropna(subset=["bid", "ask"])
    assert len(quoted)
    assert (quoted["bid"] <= quoted["ask"]).all()


@pytest.mark.parametrize("what", ["bars", "chain", "readings", "ticks"])
def test_all_three_kinds_of_file_hold_the_same(client: TestClient, what: str):
    arrow = table(client, what=what)
    params = ASKED | {"what": what}
    packed = client.get(PATH, params=params | {"format": "parquet"})
    whole = parquet.read_table(pa.BufferReader(packed.content)).to_pandas()
    pd.testing.assert_frame_equal(whole, arrow)
    plain = client.get(PATH, params=params | {"format": "csv"})
    read = pd.read_csv(io.StringIO(plain.text))
    assert list(read.columns) == list(arrow.columns)
    assert len(read) == len(arrow)
    if what == "bars":
        assert read["start"].str.endswith("+05:30").all()
        assert read["close"].tolist() == arrow["close"].tolist()


def test_the_file_has_a_name(client: TestClient):
    answer = client.get(PATH, params=ASKED | {"what": "bars", "timeframe": "5m"})
    told = answer.headers["content-disposition"]
    assert told == 'attachment; filename="tezi-2026-08-18-MOCK-bars-5m.csv"'
    assert answer.headers["content-type"].startswith("text/csv")


def test_a_viewer_may_not(client_of: Callable[[Role | None], TestClient]):
    assert client_of(Role.VIEWER).get(PATH, params=ASKED).status_code == 403


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({}, 422),
        ({"day": "2026-08-17"}, 404),
        ({"day": "2026-08-18", "instrument": "GOLD"}, 404),
        ({"day": "2026-08-18", "format": "xlsx"}, 422),
        ({"day": "2026-08-18", "what": "secrets"}, 422),
    ],
)
def test_bad_questions_are_refused(client: TestClient, params: dict[str, str], status: int):
    assert client.get(PATH, params=params).status_code == status
