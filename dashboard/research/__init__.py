"""What a researcher opens in a notebook: stored days, moments of them, and Tezi's API."""

from dashboard.research.trading.client import AsyncTradingClient, TradingClient

__all__ = ["AsyncTradingClient", "TradingClient"]
