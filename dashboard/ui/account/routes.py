"""Which address of the account room is answered by what."""

from pathlib import Path
from typing import Any

from tornado.web import StaticFileHandler

from dashboard.ui.account import audit, keys, own, sessions, status, users

STATIC = Path(__file__).parent / "static"


def patterns() -> list[tuple[Any, ...]]:
    """Return the routes; none is of one word and ``login``, which Panel's nested one takes."""
    return [
        (r"/account/?", own.OwnHandler),
        (r"/account/password", own.PasswordHandler),
        (r"/account/codes", own.OfferCodesHandler),
        (r"/account/codes/confirm", own.ConfirmCodesHandler),
        (r"/account/codes/remove", own.RemoveCodesHandler),
        (r"/account/sessions", sessions.SessionsHandler),
        (r"/account/sessions/end", sessions.EndSessionHandler),
        (r"/account/sessions/end-others", sessions.EndOthersHandler),
        (r"/account/sessions/end-all", sessions.EndAllHandler),
        (r"/account/keys", keys.KeysHandler),
        (r"/account/keys/revoke", keys.RevokeKeyHandler),
        (r"/account/users", users.UsersHandler),
        (r"/account/users/role", users.RoleHandler),
        (r"/account/users/disable", users.DisableHandler),
        (r"/account/users/enable", users.EnableHandler),
        (r"/account/users/invite", users.InviteHandler),
        (r"/account/users/withdraw", users.WithdrawHandler),
        (r"/account/audit", audit.AuditHandler),
        (r"/account/status", status.StatusHandler),
        (r"/account/static/(.*)", StaticFileHandler, {"path": str(STATIC)}),
    ]
