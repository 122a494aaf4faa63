"""An expiry day minute by minute: what the metrics say of a real chain is possible at all."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard.core.clock import IST
from dashboard.options import chain_metrics
from dashboard.options.black76 import years_to_expiry
from dashboard.options.chain import CHAIN_DTYPE
from dashboard.options.implied import NoVolatility
from dashboard.options.metrics import ChainMetrics

EXPIRY = datetime(2026, 8, 18, 15, 40, tzinfo=IST)  # NIFTY's; options trade until then


@pytest.fixture(scope="module")
def day(shared: Path) -> list[tuple[float, ChainMetrics]]:
    """Return spot and metrics of every minute of the nearest expiry."""
    table = pd.read_csv(shared / "data" / "options" / "nifty_chain_nse_1m_20260818.csv.gz")
    table = table[table["expiry"] == table["expiry"].min()]
    found = []
    for stamp, minute in table.groupby("timestamp"):
        wide = minute.pivot_table(index="strike", columns="option_type", values=["oi", "ltp"])
        rows = np.full(len(wide), np.nan, CHAIN_DTYPE)
        rows["strike"] = wide.index
        for side, kind in (("call", "CE"), ("put", "PE")):
            rows[f"{side}_oi"], rows[f"{side}_ltp"] = wide["oi", kind], wide["ltp", kind]
        left = (EXPIRY - pd.Timestamp(stamp).tz_localize(IST)).total_seconds()
        spot = float(minute["spot"].iloc[0])
        time = float(years_to_expiry(left))
        found.append((spot, chain_metrics(rows, spot, None, time)))
    return found


@pytest.mark.shared
def test_every_minute_has_its_numbers(day: list[tuple[float, ChainMetrics]]):
    assert len(day) == 288
    for spot, found in day:
        assert found.forward_source == "parity"
        assert abs(found.forward / spot - 1) < 0.005
        assert found.pcr_oi > 0
        assert abs(found.max_pain / spot - 1) < 0.02
        assert np.isfinite(found.gex)
        assert found.straddle >= abs(found.forward - found.atm) - 20  # its intrinsic value


@pytest.mark.shared
def test_what_has_no_volatility_has_a_reason(day: list[tuple[float, ChainMetrics]]):
    for _, found in day:
        for iv, note in (
            (found.smile.call_iv, found.smile.call_note),
            (found.smile.put_iv, found.smile.put_note),
        ):
            assert (np.isnan(iv) == (note != "")).all()
            assert set(note.tolist()) <= {"", *map(str, NoVolatility)}
            assert (iv[~np.isnan(iv)] >= 0.001).all()


@pytest.mark.shared
def test_the_money_s_volatility_is_that_of_an_index(day: list[tuple[float, ChainMetrics]]):
    known = np.array([found.atm_iv for _, found in day if np.isfinite(found.atm_iv)])
    assert len(known) > 250
    assert 0.05 < np.median(known) < 0.30
