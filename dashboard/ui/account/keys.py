"""My API keys: made with a name, scopes and an end, shown once, revoked."""

from typing import Any

from dashboard.auth.identity import Scope
from dashboard.core.clock import SECOND_NS
from dashboard.core.errors import InputError, TeziError
from dashboard.ui.account.frame import AccountHandler
from dashboard.ui.account.words import LIFETIMES, SCOPES
from dashboard.ui.api_address import api_address
from dashboard.ui.runtime import get_runtime

PAGE = "account/keys"
DAY_S = 24 * 3600
FIRST_CHOICE = {"lifetime": "90", "scopes": [Scope.READ.value]}


class KeysHandler(AccountHandler):
    """List my keys, and make one."""

    room = "keys"

    async def get(self) -> None:
        """Show them."""
        await self._show()

    async def post(self) -> None:
        """Make a key and show it, here and never again."""
        name = self.get_body_argument("name", "")
        named, lifetime = self.get_body_arguments("scope"), self._typed("lifetime")
        try:
            field = "scope"
            scopes = self._scopes(named)
            field = "lifetime"
            expires_s = self._expires_s(lifetime)
            field = "name"
            await self._beside(self._refuse_same_name, name)
            make = self._accounts.make_api_key
            new = await self._beside(make, self._me.account_id, name, scopes, expires_s)
        except TeziError as error:
            self._say_status(error)
            typed = {"name": name, "scopes": named, "lifetime": lifetime}
            await self._show(problems={field: str(error)}, typed=typed)
        else:
            await self._show(new=new)

    async def _show(self, **words: Any) -> None:
        keys = await self._beside(self._accounts.api_keys, self._me.account_id)
        shown = {"new": None, "typed": FIRST_CHOICE} | words
        self.render(
            "keys.html",
            keys=keys,
            offered=[scope for scope in Scope if self._me.may(scope)],
            in_order=lambda scopes: [scope for scope in Scope if scope in scopes],
            scope_words=SCOPES,
            lifetimes=LIFETIMES,
            api=api_address(get_runtime().api, self.request.host_name),
            **shown,
        )

    def _scopes(self, named: list[str]) -> list[Scope]:
        if not named:
            raise InputError("Choose at least one scope.")
        if not set(named) <= {scope.value for scope in Scope if self._me.may(scope)}:
            raise InputError("Your role has no such scope: choose among these.")
        return [Scope(name) for name in named]

    def _expires_s(self, lifetime: str) -> int | None:
        if lifetime not in LIFETIMES:
            raise InputError("Choose how long the key is good.")
        if lifetime == "never":
            return None
        return get_runtime().clock.now_ns() // SECOND_NS + int(lifetime) * DAY_S

    def _refuse_same_name(self, name: str) -> None:
        """Refuse a name that a good key has.

        A reload of the page that shows a key sends the form again: that must make no second one.
        """
        now_ns = get_runtime().clock.now_ns()
        for key in self._accounts.api_keys(self._me.account_id):
            is_good = not key.revoked and (key.expires_ns is None or key.expires_ns > now_ns)
            if is_good and key.name == name.strip():
                raise InputError("A key of that name is there already: choose another name.")


class RevokeKeyHandler(AccountHandler):
    """Revoke a key."""

    room = "keys"

    def get(self) -> None:
        """Lead to the list."""
        self._go(PAGE)

    async def post(self) -> None:
        """Revoke it; somebody else's is not there."""
        revoke = self._accounts.revoke_api_key
        await self._beside(revoke, self._me.account_id, self._typed("id"))
        self._go(PAGE, "revoked")
