"""The layout of Kite's packets, as tables that `feeds.wire` reads and writes by.

A packet's length is its kind, and every field of it before the depth is one big-endian
u32. A *column* is a field of `TickBatch`; the columns of a full packet come first, in the
order of the wire, so that the u32s of quote and last-price packets are a prefix of them.

Source: kite.trade/docs/connect/v3/websocket, and kiteconnect 5.2.2 for the divisors.
"""

import numpy as np

from dashboard.core.market import DEPTH_DTYPE

FULL = 184
DEPTH_BYTES = 120
IS_INDEX = np.isin(np.arange(256), (28, 32))  # by length

COLUMNS = (
    *("token", "last_price", "last_quantity", "average_price", "day_volume"),
    *("buy_quantity", "sell_quantity", "open", "high", "low", "close"),
    *("last_trade_time", "oi", "oi_day_high", "oi_day_low", "exchange_time", "change"),
)
WORDS = 16  # u32s of a full packet; the last column, change, is an index's only
CHANGE = COLUMNS.index("change")
TIMES = (COLUMNS.index("last_trade_time"), COLUMNS.index("exchange_time"))
PRICES = frozenset({"last_price", "average_price", "open", "high", "low", "close", "change"})
_INDEX = ("token", "last_price", "high", "low", "open", "close", "change", "exchange_time")

FIELDS = {8: COLUMNS[:2], 28: _INDEX[:7], 32: _INDEX, 44: COLUMNS[:11], FULL: COLUMNS[:16]}
INDEX_CHANGE = _INDEX.index("change")  # the one signed field: indices fall too

DIVISORS = (100.0, 1e4, 1e7)  # units of the wire in an INR
_KINDS = tuple(FIELDS)

# Which of the 15 rules for scaling a packet follows: its kind's part plus its segment's.
KIND_RULE = np.full(256, -1, np.int8)
KIND_RULE[list(_KINDS)] = np.arange(len(_KINDS)) * len(DIVISORS)
SEGMENT_RULE = np.zeros(256, np.int8)
SEGMENT_RULE[[6, 12]] = 1  # currency of BSE, commodities of NSE
SEGMENT_RULE[3] = 2  # currency of NSE

# What a u32 is divided by, (columns, rules); NaN where the kind lacks the column.
SCALE = np.array(
    [
        [
            (divisor if name in PRICES else 1.0) if name in FIELDS[kind] else np.nan
            for kind in _KINDS
            for divisor in DIVISORS
        ]
        for name in COLUMNS
    ]
)
_SIGNED = np.array([[name == "change"] for name in COLUMNS])
LOWEST = np.where(_SIGNED, -(2.0**31), 0.0)
HIGHEST = np.where(_SIGNED, 2.0**31 - 1, 2.0**32 - 1)

# Where an index packet's u32 stands among a full packet's; SCALE makes what fills the rest
# unknown.
FROM_INDEX = np.array([_INDEX.index(n) if n in _INDEX else WORDS - 1 for n in COLUMNS[:WORDS]])


# Which rows of a block a packet of each kind carries, in the order of the wire.
ROWS = {kind: np.array([COLUMNS.index(name) for name in names]) for kind, names in FIELDS.items()}

FULL_RECORD = np.dtype(  # a full packet with its length before it
    [("length", ">u2"), ("words", ">u4", (WORDS,)), ("depth", DEPTH_DTYPE, (10,))]
)
