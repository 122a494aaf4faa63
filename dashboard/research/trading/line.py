"""A line to one API: asking, asking again, and showing who asks. It does nothing itself."""

from typing import Any
from urllib.parse import urlsplit

from dashboard.core.clock import Clock
from dashboard.core.errors import InputError
from dashboard.research.trading.errors import (
    ConnectionFailedError,
    NotReadyError,
    ServerError,
    TooManyRequestsError,
)
from dashboard.research.trading.problems import failure_of
from dashboard.research.trading.retrying import BUSY, Patience, retry_after_s
from dashboard.research.trading.sessions import Secret, Session
from dashboard.research.trading.wire import Answer, Pause, Renew, Request, Send, Steps, Unreachable

NOT_NOW = (ConnectionFailedError, NotReadyError, ServerError, TooManyRequestsError)
PAGE = "1000"  # items, the most there may be


class Line(Secret):
    """What every call goes through."""

    def __init__(self, address: str, session: Session, clock: Clock, patience: Patience) -> None:
        self.address = read_address(address)
        self.session, self.clock, self.patience = session, clock, patience

    # -- documents ---------------------------------------------------------------------------
    def ask(self, request: Request) -> Steps[Any]:
        """Return the document of an answer.

        Raises
        ------
        TradingError
            The narrowest that says why there is none.
        """
        answer = yield from self.answer(request)
        return answer.document(self.place(request))

    def ask_openly(self, request: Request) -> Steps[Any]:
        """Return the same of a request that does not show who is calling."""
        answer = self._good(request, (yield from self._sent(request, {})))
        return answer.document(self.place(request))

    def pages(self, request: Request, most: int | None = None) -> Steps[list[Any]]:
        """Return the items of all pages, or the first `most` of them."""
        items: list[Any] = []
        query = {"limit": PAGE if most is None else str(min(most, int(PAGE))), **request.query}
        while True:
            document = yield from self.ask(Request("GET", request.path, query))
            if not isinstance(document, dict) or "items" not in document:
                raise ServerError(f"The answer is not understood ({self.place(request)})")
            items += document["items"]
            following = document.get("next")
            if following is None or (most is not None and len(items) >= most):
                return items[:most]
            query["cursor"] = following

    # -- answers -----------------------------------------------------------------------------
    def answer(self, request: Request) -> Steps[Answer]:
        """Return the answer; a token that has to be is renewed first, or when it is refused."""
        yield from self.renewed(refused=False)
        headers = dict(self.session.headers())
        answer = yield from self._sent(request, headers)
        if answer.status == 401 and (yield from self.renewed(refused=True, shown=headers)):
            answer = yield from self._sent(request, dict(self.session.headers()))
        return self._good(request, answer)

    def renewed(self, *, refused: bool, shown: dict[str, str] | None = None) -> Steps[bool]:
        """Say whether there is another token than before.

        A token that is only about to end is gone on with where nobody answers.
        """
        if shown is not None and dict(self.session.headers()) != shown:
            return True  # by another call
        stale = self.session.stale(refused=refused)
        if stale is None:
            return False
        try:
            yield Renew(stale)
        except NOT_NOW:
            if refused:
                raise
        return True

    def failure(self, request: Request, answer: Answer) -> Exception:
        """Return the exception that an answer means."""
        return failure_of(answer, self.place(request), self.clock)

    def place(self, request: Request) -> str:
        """Return method and address of a request, without the query."""
        return f"{request.method} {self.address}{request.path}"

    def _good(self, request: Request, answer: Answer) -> Answer:
        if not 200 <= answer.status < 300:
            raise self.failure(request, answer)
        return answer

    def _sent(self, request: Request, headers: dict[str, str]) -> Steps[Answer]:
        """Send, and send again where that may help and cannot do twice what is asked for."""
        failures = 0
        while True:
            failures += 1
            is_last = failures >= self.patience.tries
            wait_s = self.patience.wait_s(failures)
            try:
                answer: Answer = yield Send(request, headers)
            except Unreachable as unreachable:
                if is_last or (unreachable.sent and not request.is_safe):
                    raise ConnectionFailedError(f"{unreachable} ({self.place(request)})") from None
            else:
                if answer.status not in BUSY or is_last or not request.is_safe:
                    return answer
                asked_s = retry_after_s(answer.headers, self.clock)
                if asked_s is not None and asked_s > self.patience.most_asked_s:
                    return answer
                wait_s = max(wait_s, asked_s or 0.0)
            yield Pause(wait_s)


def read_address(text: str) -> str:
    """Return an API's address without a slash at its end.

    Raises
    ------
    InputError
        If it is none, or holds what would be seen wherever addresses are: a name and password
        or a query.
    """
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise InputError("The API's address cannot be read; one is http://127.0.0.1:5007") from None
    if parts.scheme not in ("http", "https") or not host:
        raise InputError("The API's address begins with http:// or https:// and names a host")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise InputError("Give name, password or key as arguments, never within the address")
    return text.rstrip("/")


def is_loopback(address: str) -> bool:
    """Say whether an address is of this machine: no proxy is asked for it."""
    host = urlsplit(address).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")
