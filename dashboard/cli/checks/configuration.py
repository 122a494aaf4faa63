"""The settings together: what would keep Tezi from starting, and what opens sealed secrets."""

from collections.abc import Iterator

from dashboard.cli.checks.finding import Finding, ok, problem
from dashboard.configuration import problems_of
from dashboard.core.errors import InputError
from dashboard.core.kite import shown_key
from dashboard.settings import Settings
from storage.sealing import KEY_FILE, load_key

WHAT = "Settings"


def check_configuration(settings: Settings) -> Iterator[Finding]:
    """See that Tezi would start with these settings; nothing is made."""
    problems = problems_of(settings)
    for sentence in problems:
        found, _, do = sentence.rstrip(".").rpartition(": ")
        yield problem(WHAT, found, do)
    if not problems:
        keys = ", ".join(shown_key(key) for key in settings.kite_keys)
        yield ok(WHAT, f"Kite's API keys: {keys}" if keys else "no API key of Kite's is set")
    if (settings.home / KEY_FILE).exists():
        try:
            load_key(settings.home)
        except InputError as error:
            yield problem("Key file", str(error), "do that, and start again")
