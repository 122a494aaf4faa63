"""The page of all sections is what their modules say today."""

from pathlib import Path

from dashboard.cli.catalogue import markdown
from dashboard.signals import load_signals
from tests.cli.conftest import Tezi

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = markdown(load_signals().values())


def test_the_docs_are_in_step_with_the_modules():
    written = (DOCS / "sections.md").read_text("utf-8")
    assert written == PAGE, "run: uv run tezi catalogue > docs/sections.md"


def test_the_command_prints_the_page(tezi: Tezi):
    ran = tezi("catalogue")
    assert ran.code == 0
    assert "## Market structure" in ran.words


def test_every_section_has_a_heading_and_a_link_to_it():
    for signal in load_signals().values():
        assert f"\n## {signal.title}\n" in PAGE
        assert f"- [{signal.title}](#" in PAGE
    assert "(#support--resistance)" in PAGE


def test_confluence_says_that_no_edge_is_established():
    assert "**No statistical edge established.**" in PAGE.partition("## Confluence")[2]


def test_the_footer_claims_nothing():
    assert PAGE.endswith("Nothing here is advice, and no signal is claimed to predict.\n")


def test_stars_of_a_formula_are_no_emphasis_and_bars_no_cells():
    assert "(13 A + x) / 14" in PAGE
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    assert all(line.replace(r"\|", "").count("|") == 4 for line in rows)
