"""What the exchange does wrong, switchable while it runs."""

from dataclasses import dataclass


@dataclass
class Faults:
    """All off is an exchange that behaves."""

    # sockets
    refuse: bool = False  # 403 at the handshake
    mute: bool = False  # open, answers pings, sends nothing at all
    no_ticks: bool = False  # heartbeats alone
    half_open: bool = False  # the peer is gone and nobody said so: no pong, no end
    pause_s: float = 0.0  # before each message
    duplicate: bool = False  # every message twice
    swap: bool = False  # two messages change places
    cut: int = 0  # bytes that every message lacks at its end
    skew_s: int = 0  # that exchange times are ahead
    # REST
    status: int = 0  # answered in place of everything
    retry_after: str = ""
    html: bool = False  # such an answer is a page, not JSON
    silent: bool = False  # nothing is answered
    dump: str = ""  # renamed | duplicate | unknown | truncated | html
