"""Where the program's own words go: the error stream, a line each, tracebacks in short.

The variables of a traceback's frames stay out: they are long, and may hold secrets.
"""

import logging
import sys

import structlog


def log_to_stderr(level: int = logging.INFO) -> None:
    """Write logs of `level` and above to the error stream, so that output stays output."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(),
                exception_formatter=structlog.dev.plain_traceback,
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # as it is at that time
        cache_logger_on_first_use=False,
    )
