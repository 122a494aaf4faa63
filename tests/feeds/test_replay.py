"""A stored day as a feed."""

from pathlib import Path

import pytest

from dashboard.core.errors import StoreError
from dashboard.core.market import Source
from dashboard.core.ports import Feed
from feeds.replay import TapeFeed
from storage.store import open_store
from tests.storage.frames import DAY, NIFTY, live, ticks


@pytest.fixture
def store(tmp_path: Path):
    store = open_store(f"sqlite:///{tmp_path / 'tezi.db'}")
    with store.begin_tape(live(), [NIFTY]) as tape:
        tape.append(ticks(0, 100))
    yield store
    store.close()


def test_plays_what_was_live_as_recorded(store):
    feed: Feed = TapeFeed(store, DAY, Source.LIVE)
    assert feed.source is Source.RECORDED
    assert feed.universe.instruments == (NIFTY,)
    assert list(feed.frames()) == ticks(0, 100)


def test_begins_where_it_is_told(store):
    feed = TapeFeed(store, DAY, Source.RECORDED)
    assert list(feed.frames(ticks(70, 71)[0].received_ns)) == ticks(70, 100)


def test_says_that_the_day_is_not_there(store):
    with pytest.raises(StoreError, match="no generated day of 2026-08-18"):
        TapeFeed(store, DAY, Source.MOCK)
