"""Where I am signed in: the sessions of pages and programs, and ending them."""

from dashboard.ui.account.agents import agent_words
from dashboard.ui.account.frame import AccountHandler
from dashboard.ui.signin.guard import COOKIE

PAGE = "account/sessions"


class SessionsHandler(AccountHandler):
    """List my sessions."""

    room = "sessions"

    async def get(self) -> None:
        """Show them, the one that asks first."""
        sessions = await self._beside(self._accounts.sessions, self._me.account_id)
        here = self._session_id
        self.render(
            "sessions.html",
            sessions=sorted(sessions, key=lambda one: one.id != here),
            here=here,
            agent_words=agent_words,
        )


class SessionActHandler(AccountHandler):
    """Something to be done to sessions: its own address shows nothing."""

    room = "sessions"

    def get(self) -> None:
        """Lead to the list."""
        self._go(PAGE)


class EndSessionHandler(SessionActHandler):
    """End one session."""

    async def post(self) -> None:
        """End it; somebody else's, or one that is over, is not there."""
        number = self._typed("id")
        await self._beside(self._accounts.end_session, self._me.account_id, number)
        self._go(PAGE, "session")


class EndOthersHandler(SessionActHandler):
    """End every other session."""

    async def post(self) -> None:
        """End all but the one that asks."""
        end_all = self._accounts.end_all_sessions
        await self._beside(end_all, self._me.account_id, but=self._session_id)
        self._go(PAGE, "sessions")


class EndAllHandler(SessionActHandler):
    """End every session."""

    async def post(self) -> None:
        """End the one that asks too, which leads to the sign-in page."""
        await self._beside(self._accounts.end_all_sessions, self._me.account_id)
        self.clear_cookie(COOKIE, path="/")
        self._go("login")
