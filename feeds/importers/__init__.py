"""Files become tapes: bars as the ticks that rebuild them, chain snapshots as packets."""
