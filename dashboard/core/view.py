"""What a section wants shown, as data; only `dashboard.ui` turns it into pixels."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Number:
    """One of the two or three key numbers of a card.

    `digits` counts decimals; `signed` prints the sign of a positive number too.
    """

    column: str
    label: str
    unit: str = ""
    digits: int = 2
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A curve drawn over the price: `columns` in INR, the first one leads.

    `direction` names a column of +1/-1 that splits the curve into up (solid) and
    down (dashed) parts. `fill` shades between the last two columns. `anchored` curves begin
    anew each session and are not joined across the night.
    """

    columns: tuple[str, ...]
    label: str
    colour: str = "c1"
    direction: str | None = None
    fill: bool = False
    tag: str = ""
    anchored: bool = False


@dataclass(frozen=True, slots=True)
class Level:
    """A horizontal price line of today, from the last value of `column` in INR."""

    column: str
    label: str
    colour: str = "c2"


@dataclass(frozen=True, slots=True)
class Zone:
    """A shaded band of today between the last values of two columns, in INR."""

    low: str
    high: str
    colour: str = "c2"


View = tuple[Number | Line | Level | Zone, ...]
