"""Named indicators of bars: `RSI_14`, `EMA_20`, `SUPERTREND_10_3`.

from dashboard.indicators import parse
parse("MACD_12_26_9").calculate(bars)      # a DataFrame indexed like the bars
"""

from dashboard.indicators.catalogue import KNOWN, parse
from dashboard.indicators.indicator import Indicator, Named, Parameter

__all__ = ["KNOWN", "Indicator", "Named", "Parameter", "parse"]
