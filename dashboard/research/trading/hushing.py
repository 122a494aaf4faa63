"""Keep secrets out of the logs that libraries write when they are debugged."""

import logging

SECRET = "tezi_refresh"  # noqa: S105 - the cookie's name
HTTP = "httpcore2.http11"  # writes whole headers of answers at DEBUG
SOCKET = "dashboard.research.trading.socket"


class _Hushed(logging.Filter):
    """Leave out what holds the refresh token."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record may be written."""
        return SECRET not in record.getMessage()


HUSHED = _Hushed()


def hush() -> None:
    """Let the refresh token into no log; calling it again changes nothing."""
    logging.getLogger(HTTP).addFilter(HUSHED)


def socket_logger() -> logging.Logger:
    """Return the logger of sockets, which never writes the headers they are opened with."""
    logger = logging.getLogger(SOCKET)
    if logger.level < logging.INFO:
        logger.setLevel(logging.INFO)
    return logger
