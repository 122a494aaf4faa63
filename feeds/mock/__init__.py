"""A generated market, encoded as Kite would send it: `feeds.mock.feed.MockFeed`."""
