"""Named indicators of bars: `RSI_14`, `EMA_20`, `SUPERTREND_10_3`."""
