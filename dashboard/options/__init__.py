"""Option mathematics: Black-76 prices, implied volatility, greeks and chain metrics."""

from dashboard.options.black76 import black76_price
from dashboard.options.greeks import greeks
from dashboard.options.implied import implied_volatility
from dashboard.options.metrics import chain_metrics

__all__ = ["black76_price", "chain_metrics", "greeks", "implied_volatility"]
