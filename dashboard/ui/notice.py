"""One banner, as Python makes it and the page reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Notice:
    """A banner: what, where, since when, what happens next, and one action.

    `kind` is "warning" or "error". `action` is the button's words; pressing it sends the
    form `post` (address, fields), or opens `room` or `href`, or sends `{"do": do}`. One
    that `calls` is told by the browser outside the page too, where that is allowed.
    """

    id: str
    title: str
    text: str = ""
    kind: str = "warning"
    more: str = ""
    action: str = ""
    do: str = ""
    href: str = ""
    room: str = ""
    post: tuple[str, Mapping[str, str]] | None = None
    calls: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return it as the page reads it."""
        plain = {"id": self.id, "title": self.title, "text": self.text, "kind": self.kind}
        action: dict[str, Any] = {"label": self.action, "do": self.do, "href": self.href}
        if self.room:
            action["room"] = self.room
        if self.post:
            action["post"] = {"to": self.post[0], "fields": dict(self.post[1])}
        return (
            plain
            | {"more": self.more}
            | ({"calls": True} if self.calls else {})
            | ({"action": action} if self.action else {})
        )
