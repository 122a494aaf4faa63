"""One run over all subjects."""

from collections.abc import Iterator

from dashboard.bench.decode import measure_decode
from dashboard.bench.figure import Figure
from dashboard.bench.instruments import measure_instruments
from dashboard.bench.options import measure_options
from dashboard.bench.page import measure_page
from dashboard.bench.prepared import prepared_day
from dashboard.bench.replay import measure_replay
from dashboard.bench.sections import measure_sections
from dashboard.bench.seek import measure_seek
from dashboard.bench.sizes import Sizes
from dashboard.bench.storage import measure_storage
from dashboard.pipeline.prepare import Progress

BROWSER_S = 40.0  # watched at 1x: about eighty messages


def run(sizes: Sizes, progress: Progress, *, browser: bool = False) -> Iterator[list[Figure]]:
    """Yield the figures of each subject in turn; `progress` is told the share of each.

    `browser` adds what needs a Chromium.
    """
    progress(0.0, "decode")
    yield measure_decode()
    progress(0.0, "instruments")
    yield measure_instruments()
    progress(0.0, "options")
    yield measure_options()
    progress(0.0, "storage")
    yield measure_storage(sizes.tape_minutes)
    with prepared_day(sizes, lambda share, _: progress(share, "generating a day")) as tools:
        progress(0.0, "replay")
        yield measure_replay(tools, sizes.rounds, progress)
        progress(0.0, "seek")
        yield measure_seek(tools, sizes.seeks)
        progress(0.0, "sections")
        yield measure_sections(tools)
        progress(0.0, "page")
        yield measure_page(tools, sizes.updates)
        if browser:
            from dashboard.bench.browser import measure_browser

            progress(0.0, "browser")
            yield measure_browser(tools, BROWSER_S)
