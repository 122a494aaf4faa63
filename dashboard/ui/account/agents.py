"""What a browser or program calls itself, in words that its person knows."""

import re

from dashboard.core.wording import DASH

LONGEST = 40  # characters of a name that is not known here
# The first that is found counts: nearly every browser names others too, the rarest first.
PROGRAMS = (
    (r"Edg(?:A|iOS)?/(\d+)", "Edge"),
    (r"OPR/(\d+)", "Opera"),
    (r"(?:Firefox|FxiOS)/(\d+)", "Firefox"),
    (r"(?:Headless)?(?:Chrome|CriOS)/(\d+)", "Chrome"),
    (r"Version/(\d+)\S* (?:Mobile/\S+ )?Safari/", "Safari"),
    (r"python-httpx/([\d.]+)", "Python (httpx)"),
    (r"python-requests/([\d.]+)", "Python (requests)"),
    (r"curl/([\d.]+)", "curl"),
)
SYSTEMS = (
    (r"Windows NT", "Windows"),
    (r"Android", "Android"),
    (r"iPhone", "iPhone"),
    (r"iPad", "iPad"),
    (r"Mac OS X|Macintosh", "macOS"),
    (r"CrOS", "ChromeOS"),
    (r"Linux|X11", "Linux"),
)


def agent_words(agent: str) -> str:
    """Return "Firefox 128 on Linux"; what is not known by its own name, cut short."""
    program = _program(agent)
    if not program:
        shown = agent.strip()
        return (shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…") or DASH
    system = next((name for mark, name in SYSTEMS if re.search(mark, agent)), "")
    return f"{program} on {system}" if system else program


def _program(agent: str) -> str:
    for mark, name in PROGRAMS:
        found = re.search(mark, agent)
        if found:
            return f"{name} {found[1]}"
    return ""
