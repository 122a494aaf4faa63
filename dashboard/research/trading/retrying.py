"""When a call is tried again, and after how long.

The wait doubles from try to try and is drawn at random from its upper half, so that clients
that failed together do not come back together. A server that names a time is waited for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from random import SystemRandom

from dashboard.core.clock import SECOND_NS, Clock, to_ns

BUSY = frozenset({429, 502, 503, 504})
draw = SystemRandom()


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a call is tried, and how long it waits.

    Parameters
    ----------
    tries : int
        Including the first one.
    first_s, longest_s : float
        Wait after the first try, and the longest one. [s]
    most_asked_s : float
        If a server wants more than this to pass, the call fails at once instead. [s]
    lost_s : float
        How long a stream that was connected tries to connect again. [s]
    """

    tries: int = 4
    first_s: float = 0.25
    longest_s: float = 8.0
    most_asked_s: float = 60.0
    lost_s: float = 300.0

    def wait_s(self, failures: int) -> float:
        """Return how long to wait after so many failures in a row."""
        most = min(self.longest_s, self.first_s * 2 ** min(failures - 1, 30))
        return draw.uniform(most / 2, most)


def retry_after_s(headers: Mapping[str, str], clock: Clock) -> float | None:
    """Return how long a server wants to be left alone [s], None where it does not say.

    It says so in seconds or by a date (RFC 9110 section 10.2.3).
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        at: datetime = parsedate_to_datetime(text)
    except ValueError:
        return None
    if at.tzinfo is None:  # "-0000": a time in UTC, RFC 5322 section 3.3
        return None
    return max(0.0, (to_ns(at) - clock.now_ns()) / SECOND_NS)
