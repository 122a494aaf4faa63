"""Serve app.py with a clock that is ahead: ``python -m tests.ui.shifted AHEAD_NS [panel words]``.

What is served is the real thing; only the hour is another, so that the market is open.
"""

import sys

from dashboard.core import clock

AHEAD_NS = int(sys.argv[1])


class Ahead(clock.ShiftedClock):
    """What everybody takes for the host's clock."""

    def __init__(self) -> None:
        super().__init__(AHEAD_NS)


clock.SystemClock = Ahead  # before anybody imports it
sys.argv = ["panel", "serve", "app.py", *sys.argv[2:]]

from panel.command import main  # noqa: E402 - the clock comes first

main()
