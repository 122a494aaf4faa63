"""A generated morning for notebooks and first steps, in a store that goes away."""

import atexit
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from dashboard.composition import make_tools
from dashboard.core.clock import IST
from dashboard.generating import generate_day
from dashboard.research.client import RecordedDay, open_day
from storage.store import open_store


def example_day(day: str = "2026-08-18", *, seed: int = 7, until: str = "09:35") -> RecordedDay:
    """Return the first part of a generated day, the same for everyone who asks for it.

    It lies in a temporary store, gone with `RecordedDay.close` or at exit: nothing of yours
    is touched.

    Parameters
    ----------
    until : str
        HH:MM in IST. Twenty minutes of trading take a few seconds to make.
    """
    which = date.fromisoformat(day)
    end = datetime.combine(which, time.fromisoformat(until), tzinfo=IST)
    folder = Path(mkdtemp(prefix="tezi-"))
    store = open_store(f"sqlite:///{folder / 'example.sqlite'}")

    def forget() -> None:
        store.close()
        rmtree(folder, ignore_errors=True)

    atexit.register(forget)
    generate_day(make_tools(store), which, seed, end)
    return replace(open_day(which, mock=True, store=store), release=forget)
