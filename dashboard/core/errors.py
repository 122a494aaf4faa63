"""Every exception that Tezi raises on purpose.

::

    TeziError
    ├── InputError            a caller's value or file cannot be used
    │   ├── SymbolError       a trading symbol has no reading, or two
    │   └── ImportFileError   a file cannot become a tape
    │       └── DamagedFileError   a file breaks off; what came before is whole
    ├── CalendarError         the calendar does not cover a date
    ├── WireError             bytes that are not a Kite message
    ├── StoreError            the database refused
    │   ├── TapeError         a chunk is damaged or a tape cannot be read
    │   ├── DuplicateError    it is already stored, from this or another source
    │   ├── StoreLockedError  another process holds the database
    │   └── StoreFullError    no room on the disk
    ├── AuthError             sign-in refused
    │   ├── TooManyTriesError no further try is looked at for a while
    │   └── CodeNeededError   the password was right, and a one-time code must come with it
    ├── TradingError          a program's call failed (`dashboard.research.trading.errors`)
    └── KiteError             Kite refused, or could not be reached or understood
        ├── KiteTokenError    the access token is dead: a person must sign in
        └── KiteLimitError    too many requests

Each message says what is wrong, where, and what to do.
"""


class TeziError(Exception):
    """Raise a narrower one."""


class InputError(TeziError):
    """Report a value or file that cannot be used."""


class SymbolError(InputError):
    """Report a trading symbol that has no reading, or two."""


class ImportFileError(InputError):
    """Report a file that cannot become a tape."""


class DamagedFileError(ImportFileError):
    """Report a file that breaks off: what was read before is whole."""


class CalendarError(TeziError):
    """Report a date outside the calendar's coverage."""


class WireError(TeziError):
    """Report bytes that are not a Kite message."""


class StoreError(TeziError):
    """Report that the database refused."""


class TapeError(StoreError):
    """Report a damaged chunk or an unreadable tape."""


class DuplicateError(StoreError):
    """Report something that is stored already."""


class StoreLockedError(StoreError):
    """Report a database that another process holds."""


class StoreFullError(StoreError):
    """Report a disk without room."""


class AuthError(TeziError):
    """Report a refused sign-in, without saying which field was wrong."""


class TooManyTriesError(AuthError):
    """Report that no further try is looked at before `wait_s` seconds have passed."""

    def __init__(self, message: str, wait_s: int) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class CodeNeededError(AuthError):
    """Report a right password of an account that wants a one-time code too."""


class KiteError(TeziError):
    """Report that Kite refused, or could not be reached or understood."""


class KiteTokenError(KiteError):
    """Report an access token that Kite does not take (any more): nothing may be retried."""


class KiteLimitError(KiteError):
    """Report that Kite answers no further request before `wait_s` seconds have passed."""

    def __init__(self, message: str, wait_s: float) -> None:
        super().__init__(message)
        self.wait_s = wait_s
