"""What no real secret looks like, and which addresses are this machine's."""

import re
from ipaddress import ip_address

SHORTEST = 8  # characters; Kite's keys have 16, its secrets 32
PLACEHOLDER = re.compile(
    r"^(.)\1*$|[<>{}$…*]|\.\.\.|^your|^my[_-]|change[_-]?me|example|placeholder|"
    r"^(?:kite[_-])?api[_-]?(?:key|secret)|^x{3,}|^(?:todo|none|null|secret|dummy|test|password)$",
    re.IGNORECASE,
)


def is_here(host: str) -> bool:
    """Say whether a host is this machine, by its name or loopback address."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
