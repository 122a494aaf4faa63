"""A section's page is what its module says: nothing of it is typed a second time."""

import pytest

from dashboard.core.catalogue import Block, Parameter, entry
from dashboard.core.market import Segment
from dashboard.signals import load_signals

SIGNALS = load_signals()


def test_the_formula_keeps_its_lines_and_prose_flows():
    formula = entry(SIGNALS["ema"]).formula
    text = "ema_t = ema_{t-1} + 2 / (p + 1) * (close_t - ema_{t-1})      [INR]"
    assert formula[0] == Block(text, fixed=True)
    assert formula[1].text.startswith("seeded with the simple mean of the first p closes at bar p")
    assert "\n" not in formula[1].text


def test_the_source_is_told_apart_from_the_formula():
    vwap = entry(SIGNALS["vwap"])
    assert vwap.source.startswith("Berkowitz, Logue and Noser (1988)")
    assert not any("Berkowitz" in block.text for block in vwap.formula)


def test_a_source_within_a_paragraph_is_found_too():
    build_up = entry(SIGNALS["oi_buildup"])
    assert build_up.source.startswith("exchange folklore")
    assert build_up.formula[-1].text.endswith("thresholds are conventions.")


def test_parameters_are_constants_with_the_comment_behind_them():
    known = {p.name: p for p in entry(SIGNALS["momentum"]).parameters}
    assert known["UP"] == Parameter("UP", "60", "RSI that begins a vote")
    assert known["DOWN"] == Parameter("DOWN", "40", "RSI that begins a vote")
    assert known["WEIGHTS"].value == "rsi: 0.4; macd: 0.4; roc: 0.2"


def test_types_tables_and_caches_are_no_parameters():
    names = {p.name for s in SIGNALS.values() for p in entry(s).parameters}
    assert not names & {"Flags", "Mask", "Spans", "SIGNAL", "_BOOKS", "WORDS", "INTENT_TEXT"}


def test_columns_come_from_the_docstring_of_calculate():
    adx = entry(SIGNALS["adx"])
    assert adx.table == "DataFrame, shape (n, 4), same index"
    assert adx.columns[0].text.startswith("``plus_di14 minus_di14`` from bar 15")
    assert adx.refuses == "If a price is unknown."


def test_inputs_say_how_they_are_used():
    orb = entry(SIGNALS["orb"])
    assert orb.inputs == (
        ("index", "bars of the index", "needed"),
        ("future", "bars of the front month's future", "looked at by the judgement"),
        ("daily", "earlier sessions of the index", "looked at by the judgement"),
    )
    assert (orb.timeframes, orb.segment) == (("1m",), Segment.INDEX)


def test_a_headline_does_not_repeat_the_title():
    assert entry(SIGNALS["max_pain"]).headline == (
        "The strike at which the writers of options would pay least at settlement."
    )
    assert entry(SIGNALS["volume"]).headline == (
        "Volume of the near-month future against what is usual."
    )


@pytest.mark.parametrize("signal", SIGNALS.values(), ids=lambda s: s.id)
def test_every_section_has_a_whole_page(signal):
    page = entry(signal)
    assert page.headline.endswith(".")
    assert page.formula
    assert page.parameters
    assert page.columns
    assert page.inputs
    assert page.warmup >= 1
    assert page.numbers


@pytest.mark.parametrize("signal", SIGNALS.values(), ids=lambda s: s.id)
def test_every_section_says_its_units(signal):
    page = entry(signal)
    words = " ".join(block.text for block in (*page.formula, *page.columns))
    assert any(unit in words for unit in ("INR", "percent", "ratio", "-100 to +100"))
