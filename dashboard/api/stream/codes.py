"""Why a socket is closed (RFC 6455 section 7.4; 4000 to 4999 are the application's own)."""

GOING_AWAY = 1001
POLICY = 1008
TRY_LATER = 1013
NOT_SIGNED_IN = 4401
FORBIDDEN = 4403
NO_DESK = 4404
TOO_LATE = 4408
TOO_MANY = 4409


class Refusal(Exception):  # noqa: N818 - as `Problem`: it is an answer
    """Close the socket with a code and a sentence."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class Fault(Exception):  # noqa: N818
    """Answer a message with an ``error`` frame; the socket stays open."""

    def __init__(self, code: str, detail: str, where: str | None = None) -> None:
        super().__init__(detail)
        self.code, self.detail, self.where = code, detail, where
