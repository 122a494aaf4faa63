"""Tokens and Kite in one place: this sign-in, the keys that sign, the API, Kite's keys."""

from dataclasses import dataclass

from dashboard.core.kite import SessionState, SessionStatus
from dashboard.ui.account.frame import AccountHandler
from dashboard.ui.api_address import api_address
from dashboard.ui.present_status import KITE_LOGIN, SESSIONS, UNCONNECTED
from dashboard.ui.runtime import Runtime, get_runtime

DUE = (SessionState.REQUIRED, SessionState.EXPIRED)


@dataclass(frozen=True, slots=True)
class Signing:
    """A published key: since when it signs, and when it was retired, where it was."""

    kid: str
    created_ns: int
    retired_ns: int | None


class StatusHandler(AccountHandler):
    """Show where everything stands."""

    room = "status"

    async def get(self) -> None:
        """Show it."""
        runtime = get_runtime()
        me = self._me
        sessions = await self._beside(self._accounts.sessions, me.account_id)
        self.render(
            "status.html",
            session=next((one for one in sessions if one.id == self._session_id), None),
            signing=await self._beside(signing_keys, runtime),
            api=api_address(runtime.api, self.request.host_name),
            server=runtime.api,
            kite=kite_sessions(runtime),
            kite_words=SESSIONS,
            kite_login=KITE_LOGIN.lstrip("/"),
            due=DUE,
            unconnected=UNCONNECTED,
        )


def signing_keys(runtime: Runtime) -> list[Signing]:
    """Return the keys whose tokens may be good still, newest first."""
    published = [one["kid"] for one in runtime.accounts.tokens.jwks()["keys"]]
    kept = {one.kid: one for one in runtime.store.signing_keys.all()}
    known = [kept[kid] for kid in published if kid in kept]
    return [Signing(one.kid, one.created_ns, one.retired_ns) for one in known]


def kite_sessions(runtime: Runtime) -> tuple[SessionStatus, ...] | None:
    """Return where each of Kite's API keys stands; None where none is set."""
    if runtime.sessions is None:
        return None
    return tuple(runtime.sessions.statuses())
