"""Answers that refuse, as exceptions."""

from collections.abc import Mapping
from typing import Any

from dashboard.core.clock import Clock
from dashboard.research.trading import errors
from dashboard.research.trading.retrying import retry_after_s
from dashboard.research.trading.wire import Answer

CODE = "code"  # `where` of a sign-in that lacks one
KINDS: Mapping[int, type[errors.TradingError]] = {
    400: errors.RefusedError,
    401: errors.SignInError,
    403: errors.NotAllowedError,
    404: errors.NotFoundError,
    409: errors.RefusedError,
    413: errors.RefusedError,
    422: errors.RefusedError,
    503: errors.NotReadyError,
}


def failure_of(answer: Answer, address: str, clock: Clock) -> errors.TradingError:
    """Return the exception that an answer means; `address` is without its query."""
    problem = _problem_of(answer, address)
    detail = problem.get("detail") if problem else None
    message = f"{detail or f'Status {answer.status}'} ({address})"
    if answer.status == 429:
        return errors.TooManyRequestsError(message, problem, retry_after_s(answer.headers, clock))
    if answer.status == 401 and problem and problem.get("where") == CODE:
        return errors.CodeNeededError(message, problem)
    return KINDS.get(answer.status, errors.ServerError)(message, problem)


def _problem_of(answer: Answer, address: str) -> dict[str, Any] | None:
    try:
        document = answer.document(address)
    except errors.ServerError:
        return None
    return document if isinstance(document, dict) else None
