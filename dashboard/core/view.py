"""What a section wants shown, as data; only `dashboard.ui` turns it into pixels.

Items of one `group` are switched on and off together on the chart; "" is the section's own.
"""

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
    group: str = ""


@dataclass(frozen=True, slots=True)
class Level:
    """A horizontal price line of today, from the last value of `column` in INR."""

    column: str
    label: str
    colour: str = "c2"
    group: str = ""


@dataclass(frozen=True, slots=True)
class Zone:
    """A shaded band of today between the last values of two columns, in INR."""

    low: str
    high: str
    colour: str = "c2"
    group: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """A word at each bar whose `column` of text is that `word`, at the price in `at` [INR].

    It has the colour, and stands on the side, of the sign in the column `side`.
    """

    column: str
    word: str
    at: str
    side: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve in a pane below the price. `bars` draws columns from zero by their sign."""

    column: str
    label: str
    colour: str = "c1"
    bars: bool = False
    digits: int = 1


@dataclass(frozen=True, slots=True)
class Pane:
    """A pane of its own below the price, with a scale of its own.

    `guides` are values with a dotted line, of which `band`, if any, is shaded between two.
    `bounds` are values that cannot be left. `over_volume` puts the curves over the bars of
    the chart's volume; they are then switched with it.
    """

    label: str
    curves: tuple[Curve, ...]
    guides: tuple[float, ...] = ()
    band: tuple[float, float] | None = None
    bounds: tuple[float, float] | None = None
    over_volume: bool = False


View = tuple[Number | Line | Level | Zone | Event | Pane, ...]
