"""Everybody's accounts, for an owner: roles, shutting out, and one-time links."""

from collections.abc import Callable
from typing import Any

from dashboard.auth.identity import Role
from dashboard.core.errors import InputError, TeziError
from dashboard.ui.account.frame import OwnerHandler
from dashboard.ui.account.words import ROLES
from dashboard.ui.runtime import get_runtime

PAGE = "account/users"
UNKNOWN_ROLE = "Choose a role: owner, researcher or viewer."
UNKNOWN_NUMBER = "There is no such account."
OWN_ROW = "Nobody changes their own account here: another owner can."


class UsersHandler(OwnerHandler):
    """List people and open invitations."""

    room = "users"

    async def get(self) -> None:
        """Show them."""
        await self._show()

    async def _show(self, **words: Any) -> None:
        people = await self._beside(self._accounts.accounts)
        invitations = await self._beside(self._accounts.invitations)
        shown = {"link": "", "link_role": None} | words
        self.render(
            "users.html",
            people=people,
            invitations=invitations,
            roles=list(Role),
            role_words=ROLES,
            **shown,
        )


class UserActHandler(UsersHandler):
    """Something to be done on the page: its own address shows nothing."""

    async def get(self) -> None:
        """Lead to the page."""
        self._go(PAGE)

    async def _change(self, done: str, act: Callable[[int], Any]) -> None:
        """Do something to the account that the form names."""
        number = self._typed("id")
        try:
            account_id = self._other(number)
            await self._beside(act, account_id)
        except TeziError as error:
            self._say_status(error)
            await self._show(problems={number: str(error)})
        else:
            self._go(PAGE, done)

    def _other(self, number: str) -> int:
        account_id = _number(number)
        if account_id == self._me.account_id:
            raise InputError(OWN_ROW)
        return account_id

    def _role(self) -> Role:
        try:
            return Role(self._typed("role"))
        except ValueError as error:
            raise InputError(UNKNOWN_ROLE) from error


class RoleHandler(UserActHandler):
    """Change a role."""

    async def post(self) -> None:
        """Change it, which counts at once."""
        await self._change(
            "role", lambda number: self._accounts.set_role(self._me, number, self._role())
        )


class DisableHandler(UserActHandler):
    """Shut an account out."""

    async def post(self) -> None:
        """Shut it out, which ends its sessions and keys."""
        await self._change(
            "disabled", lambda number: self._accounts.set_disabled(self._me, number, True)
        )


class EnableHandler(UserActHandler):
    """Let an account in again."""

    async def post(self) -> None:
        """Let it in."""
        await self._change(
            "enabled", lambda number: self._accounts.set_disabled(self._me, number, False)
        )


class InviteHandler(UserActHandler):
    """Make a one-time link."""

    async def post(self) -> None:
        """Show the link, here and never again."""
        try:
            role = self._role()
            token = await self._beside(self._accounts.invite, self._me, role)
        except TeziError as error:
            self._say_status(error)
            await self._show(problems={"role": str(error)})
        else:
            link = f"{self._reached_at()}/welcome?token={token}"
            await self._show(link=link, link_role=role)

    def _reached_at(self) -> str:
        """Return the address that others reach, as far as it is known."""
        public = get_runtime().settings.public_url.rstrip("/")
        return public or f"{self.request.protocol}://{self.request.host}{self._prefix}"


class WithdrawHandler(UserActHandler):
    """Withdraw an invitation."""

    async def post(self) -> None:
        """Withdraw it; one that was used or is over is not there."""
        try:
            number = _number(self._typed("id"))
        except InputError as error:
            self._say_status(error)
            await self._show(problems={"role": str(error)})
            return
        await self._beside(self._accounts.withdraw_invitation, number)
        self._go(PAGE, "withdrawn")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):  # what a database can hold
        raise InputError(UNKNOWN_NUMBER)
    return int(text)
