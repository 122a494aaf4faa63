"""A part of a generated day in a store of its own, prepared, to replay and to seek in."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from dashboard.bench.sizes import DAY, SEED, Sizes
from dashboard.composition import make_tools
from dashboard.core.clock import IST
from dashboard.core.market import Source
from dashboard.generating import generate_day
from dashboard.pipeline.days import Tools
from dashboard.pipeline.prepare import Progress, prepare_day
from storage.store import open_store


@contextmanager
def prepared_day(sizes: Sizes, progress: Progress) -> Iterator[Tools]:
    """Give tools over a store that holds the part of the day, on disk, until left."""
    with (
        TemporaryDirectory(prefix="tezi-bench-") as folder,
        closing(open_store(f"sqlite:///{Path(folder) / 'bench.sqlite'}")) as store,
    ):
        tools = make_tools(store)
        until = datetime.combine(DAY, sizes.until, IST) if sizes.until else None
        generate_day(tools, DAY, SEED, until, progress=lambda s, w: progress(0.7 * s, w))
        prepare_day(
            store,
            DAY,
            Source.MOCK,
            tools.calendar,
            tools.decoder,
            lambda s, w: progress(0.7 + 0.3 * s, w),
            decode_many=tools.decode_many,
        )
        yield tools
