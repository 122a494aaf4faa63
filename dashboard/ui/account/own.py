"""Who I am: name and role, the password, one-time codes."""

from typing import Any

import segno

from dashboard.auth.records import AccountInfo, TotpOffer
from dashboard.core.errors import InputError, TeziError
from dashboard.ui.account.frame import AccountHandler
from dashboard.ui.account.words import ROLES

QUIET_MODULES = 4  # of white round the picture, which ISO/IEC 18004 asks for
INK, PAPER = "#111723", "#FFFFFF"  # in both themes: apps read dark on light


class OwnHandler(AccountHandler):
    """Show the account."""

    room = "account"

    async def get(self) -> None:
        """Show it."""
        await self._show()

    async def _show(self, **words: Any) -> None:
        account = await self._beside(self._account)
        self.render("own.html", account=account, role_words=ROLES[account.role], **words)

    def _account(self) -> AccountInfo:
        return next(one for one in self._accounts.accounts() if one.id == self._me.account_id)


class OwnActHandler(OwnHandler):
    """Something to be done on the page: its own address shows nothing."""

    async def get(self) -> None:
        """Lead to the page."""
        self._go("account")


class PasswordHandler(OwnActHandler):
    """Change the password."""

    async def post(self) -> None:
        """Change it, and end every other sign-in."""
        old, new = self._typed("old"), self._typed("new")
        change = self._accounts.change_own_password
        try:
            if new != self._typed("again"):
                raise InputError("The two new passwords differ: type the same one twice.")
            await self._beside(change, self._me.account_id, old, new, keep=self._session_id)
        except TeziError as error:
            self._say_status(error)
            field = "new" if isinstance(error, InputError) else "old"
            await self._show(problems={field: str(error)})
        else:
            self._go("account", "password")


class OfferCodesHandler(OwnActHandler):
    """Begin with one-time codes."""

    async def post(self) -> None:
        """Show the secret, which is told this once."""
        account_id = self._me.account_id
        try:
            await self._beside(
                self._accounts.check_own_password, account_id, self._typed("password")
            )
            offer = await self._beside(self._accounts.enrol_totp, account_id)
        except TeziError as error:
            self._say_status(error)
            await self._show(problems={"offer": str(error)})
        else:
            self.render("codes.html", offer=offer, picture=picture_of(offer))


class ConfirmCodesHandler(OwnActHandler):
    """Turn one-time codes on."""

    async def post(self) -> None:
        """Turn them on when the app shows the right one."""
        code = self._typed("code")
        try:
            await self._beside(self._accounts.confirm_totp, self._me.account_id, code)
        except TeziError as error:
            self._say_status(error)
            self.render("codes.html", offer=None, picture="", problems={"code": str(error)})
        else:
            self._go("account", "codes-on")


class RemoveCodesHandler(OwnActHandler):
    """Turn one-time codes off."""

    async def post(self) -> None:
        """Turn them off for the right password."""
        password = self._typed("password")
        try:
            await self._beside(self._accounts.remove_totp, self._me.account_id, password)
        except TeziError as error:
            self._say_status(error)
            await self._show(problems={"remove": str(error)})
        else:
            self._go("account", "codes-off")


def picture_of(offer: TotpOffer) -> str:
    """Return the QR code of an offer as an inline SVG without style attributes."""
    picture: str = segno.make(offer.uri, error="m", micro=False).svg_inline(
        border=QUIET_MODULES, dark=INK, light=PAPER, omitsize=True
    )
    return picture
