"""The last row of what is calculated of each snapshot of a chain by itself.

A minute that closes bars of several timeframes is the last snapshot of all of them: what is
found out of it for one holds for the others (`ChainHistory.found`).
"""

from collections.abc import Callable

from dashboard.core.table import Columns, Row
from dashboard.options.chain import ChainHistory
from dashboard.options.hours import is_frozen_at


def row_of_last(
    chain: ChainHistory, name: str, calculate: Callable[[ChainHistory], Columns]
) -> Row:
    """Return the last row that `calculate` gives; `name` is whose it is.

    Two rows are calculated, because numpy adds a single one in another order than many.
    """
    key = name, is_frozen_at(int(chain.starts[-1]))  # all that a bar's start has to say
    if key not in chain.found:
        chain.found[key] = calculate(chain.rows(max(0, len(chain) - 2))).last
    return Row(chain.found[key])
