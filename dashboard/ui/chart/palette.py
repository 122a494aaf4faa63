"""The colours of the chart, read from the page's own stylesheet."""

import re
from functools import cache
from types import MappingProxyType

from dashboard.core.errors import InputError
from dashboard.ui.desk import THEME_CSS

THEMES = ("dark", "light")
FONT = (
    '-apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", '
    '"Liberation Sans", Arial, sans-serif'
)
TOKEN = re.compile(r"--(\w+):\s*(#[0-9A-Fa-f]{6})\b")
RULE = re.compile(r":root(?P<light>\[data-theme=\"light\"\])?\s*{(?P<body>[^}]*)}")


@cache
def palette(theme: str) -> MappingProxyType[str, str]:
    """Return the colour of every token (``bull``, ``c1``, ...) as ``#RRGGBB``.

    Raises
    ------
    InputError
        If there is no such theme.
    """
    if theme not in THEMES:
        raise InputError(f"No theme {theme!r}; there are {', '.join(THEMES)}")
    rules = {bool(rule["light"]): rule["body"] for rule in RULE.finditer(THEME_CSS)}
    return MappingProxyType(dict(TOKEN.findall(rules[theme == "light"])))
