"""Every flag and every column that a section can show has words a person reads."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard import signals
from dashboard.signals import load_signals
from dashboard.ui.present_flags import FLAG_WORDS, QUIET_FLAGS, WARNING_FLAGS, flag_words
from dashboard.ui.present_labels import label_of
from tests.signals.markets import quiet_market

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(Path(signals.__file__).parent.glob("[!_]*.py"))
EVERYWHERE = (
    "failed",
    "gap_in_window",
    "gap_open",
    "not_in_recording",
    "provisional",
    "rolled_contract",
)
LONGEST = 11  # letters beside the longest title of a card


def texts(node: ast.AST) -> Iterator[str]:
    """Yield the texts of an expression; what an f-string fills in is a star."""
    for part in ast.walk(node):
        if isinstance(part, ast.JoinedStr):
            yield "".join(v.value if isinstance(v, ast.Constant) else "*" for v in part.values)
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value


def places(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield the expressions of a section's module that its flags come from."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
            if "tags" in names and isinstance(node.value, ast.Dict):
                yield from (key for key in node.value.keys if key)
            elif names & {"flags", "frozen"} and node.value:
                yield node.value
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            yield from node.args if called == "flags.append" else ()
            yield from node.args[1:] if called == "insufficient" else ()
            yield from node.args[3:4] if called == "Verdict" else ()
        if isinstance(node, ast.FunctionDef) and node.name.endswith(("_flags", "_test")):
            yield from (r.value for r in ast.walk(node) if isinstance(r, ast.Return) and r.value)


def flags_of(module: Path) -> set[str]:
    """Return what stands where flags are made and looks like one."""
    tree = ast.parse(module.read_text("utf-8"))
    named = {text for place in places(tree) for text in texts(place)}
    columns = {n.slice.value for n in ast.walk(tree) if isinstance(n, ast.Subscript) and is_text(n)}
    shaped = {text for text in named - columns if re.fullmatch(r"[a-z][a-z0-9_*]*", text)}
    return {text for text in shaped if not text.endswith("_") and text not in NO_FLAGS}


def is_text(node: ast.Subscript) -> bool:
    return isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)


NO_FLAGS = {"normal"}  # the band of volume that is compared with, and never flagged


def test_the_collector_sees_flags_in_every_form():
    found = {module.stem: flags_of(module) for module in MODULES}
    assert {"fresh_golden_cross", "mixed"} <= found["ema"]
    assert {"no_trend", "strong"} <= found["adx"]
    assert found["confluence"] == {"conflict", "fresh_flip"}
    assert "naked_prior_*" in found["volume_profile"]
    assert {"stale", "nifty_vix", "easing"} <= found["vix"]
    assert all(found.values())


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.stem)
def test_every_flag_of_a_section_has_words(module: Path):
    for flag in flags_of(module):
        form = re.compile(re.escape(flag).replace(r"\*", r"\w+"))
        assert any(form.fullmatch(known) for known in FLAG_WORDS), f"{module.stem}: {flag}"


@pytest.mark.parametrize(
    "flag",
    [
        *("fresh_engulfing_up", "fresh_engulfing_down", "fresh_hammer", "fresh_shooting_star"),
        *("volume_dry", "volume_high", "volume_extreme"),
        *("naked_prior_poc", "naked_prior_vah", "naked_prior_val"),
        *("no_level_above", "no_level_below", "pre_open", "settlement_window"),
        *EVERYWHERE,
    ],
)
def test_flags_that_are_put_together_have_words_too(flag: str):
    assert flag in FLAG_WORDS


def test_words_fit_a_card_and_say_more_on_hover():
    for flag, (word, meaning) in FLAG_WORDS.items():
        assert word == word.upper(), flag
        assert len(word) <= LONGEST, flag
        assert len(meaning) > len(word), flag
    assert set(FLAG_WORDS) >= QUIET_FLAGS | WARNING_FLAGS


def test_a_flag_of_a_section_yet_unwritten_speaks_for_itself():
    assert flag_words("fresh_new_moon") == ("NEW MOON", "new moon")


@pytest.mark.parametrize("signal", load_signals().values(), ids=lambda s: s.id)
def test_every_column_has_a_name_of_its_own(signal):
    market = quiet_market()
    table = signal.calculate(*(getattr(market, name) for name in (*signal.needs, *signal.optional)))
    titles = {name: label_of(str(name)) for name in table.columns}
    assert len(set(titles.values())) == len(titles)
    assert not [title for title in titles.values() if "_" in title]
