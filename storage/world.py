"""Two worlds that never meet: what the market did, and what was generated."""

from dashboard.core.market import Source

RECORDED = "RECORDED"
MOCK = "MOCK"


def world_of(source: Source) -> str:
    """Return the world of a source: LIVE and RECORDED are the same market, MOCK is its own."""
    return MOCK if source is Source.MOCK else RECORDED


def source_of(world: str) -> Source:
    """Return the source under which a stored day of a world is shown."""
    return Source.MOCK if world == MOCK else Source.RECORDED
