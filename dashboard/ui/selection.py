"""What one person is looking at: the only state of a visit that the panes depend on."""

from dataclasses import dataclass
from datetime import date

ROOMS = ("desk", "options", "catalogue", "status")


@dataclass(frozen=True, slots=True)
class Selection:
    """One person's choices.

    `overlays` are what is drawn over the candles and below them, by the ids of
    `dashboard.ui.chart.parts`, the latest choice last. `blind` hides the date and all that
    comes after the playhead. `all_strikes` opens the whole chain. `explain` is the section
    shown in full. `can_live` says whether there is a live desk to go to. `room` is the part
    of the page that is open; `expiry` the one that the option desk shows, None the nearest.
    """

    underlying: str = "NIFTY"
    timeframe: str = "5m"
    overlays: tuple[str, ...] = (
        "vwap",
        "supertrend",
        "pivots",
        "pivots:CPR",
        "momentum:RSI",
        "volume",
    )
    blind: bool = False
    all_strikes: bool = False
    explain: str | None = None
    can_live: bool = False
    room: str = "desk"
    expiry: date | None = None
