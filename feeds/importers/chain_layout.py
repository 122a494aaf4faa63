"""Which of the known layouts a file of option-chain snapshots has.

=============  ==============================================================================
long           one row a contract: strike, option_type, ltp, oi, ...
wide           one row a strike, the sides told apart by a prefix: CE_/PE_, CALLS_/PUTS_, ...
NSE page       the file that NSE's own page exports: CALLS left of STRIKE, PUTS right of it,
               the names in the second line; it holds no time and no symbol
=============  ==============================================================================
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dashboard.core.errors import ImportFileError
from dashboard.core.market import Kind
from feeds.importers.blocks import Blocks
from feeds.importers.columns import listed, plain

SHARED = {
    "time": ("snapshottime", "fetchtime", "timestamp", "datetime", "time", "date"),
    "polled": ("collectiontimestamp", "collectiontime", "polltime"),
    "symbol": ("symbol", "indexname", "index", "underlying", "name"),
    "expiry": ("expiry", "expirydate"),
    "strike": ("strike", "strikeprice"),
    "spot": ("spot", "spotprice", "underlyingvalue", "underlyingprice"),
}
SIDE = {
    "price": ("ltp", "lastprice", "last", "close"),
    "volume": ("volume", "vol", "totaltradedvolume"),
    "oi": ("oi", "openinterest"),
    "oi_change": ("oichg", "chngoi", "chnginoi", "changeinoi", "oichange", "changeinopeninterest"),
    "bid": ("bid", "bidprice"),
    "ask": ("ask", "askprice"),
    "bid_quantity": ("bidqty", "bidquantity"),
    "ask_quantity": ("askqty", "askquantity"),
}
KIND = ("optiontype", "type", "cepe", "right", "instrumenttype", "kind")
PREFIXES = (("ce", "pe"), ("calls", "puts"), ("call", "put"))


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a file has what.

    `sides` maps a kind to its columns; in the long layout both share the columns and `kind`
    names the one that tells them apart.
    """

    name: str
    shared: Mapping[str, str]
    sides: Mapping[Kind, Mapping[str, str]]
    kind: str | None = None

    def columns(self) -> dict[str, str]:
        """Return field -> column for the report."""
        sides = {
            field if self.kind else f"{kind} {field}": column
            for kind, columns in self.sides.items()
            for field, column in columns.items()
        }
        kind = {"kind": self.kind} if self.kind else {}
        return {**self.shared, **kind, **sides}


def open_chain(path: Path) -> tuple[Blocks, Layout]:
    """Return the open file and its layout.

    Raises
    ------
    ImportFileError
        If it is no chain, or one without what a tick needs.
    """
    blocks = Blocks(path)
    names = [plain(name) for name in blocks.names]
    if "calls" in names and "puts" in names:
        blocks = Blocks(path, skip_rows=1)
        layout = _page(blocks.names)
    else:
        layout = _long(blocks.names) or _wide(blocks.names)
    if layout is None or "strike" not in layout.shared:
        raise ImportFileError(
            f"{blocks.label} is no option chain: among {listed(blocks.names)} there is no strike "
            "with an option type, and no pair such as CE_OI and PE_OI"
        )
    _require(blocks, layout)
    return blocks, layout


def _long(names: Sequence[str]) -> Layout | None:
    by_plain = _by_plain(names)
    kind = next((by_plain[alias] for alias in KIND if alias in by_plain), None)
    if kind is None:
        return None
    side = dict(_matches(by_plain, SIDE))
    return Layout("long", dict(_matches(by_plain, SHARED)), {Kind.CALL: side, Kind.PUT: side}, kind)


def _wide(names: Sequence[str]) -> Layout | None:
    by_plain = _by_plain(names)
    for call, put in PREFIXES:
        sides = {
            kind: dict(_matches(_stripped(by_plain, prefix), SIDE))
            for kind, prefix in ((Kind.CALL, call), (Kind.PUT, put))
        }
        if all("oi" in side for side in sides.values()):
            name = f"wide, {call.upper()}_ and {put.upper()}_"
            return Layout(name, dict(_matches(by_plain, SHARED)), sides)
    return None


def _page(names: Sequence[str]) -> Layout | None:
    strikes = [at for at, name in enumerate(names) if plain(name) == "strike"]
    if not strikes:
        return None
    halves = {Kind.CALL: names[: strikes[0]], Kind.PUT: names[strikes[0] + 1 :]}
    sides = {
        # the second of two equal names was numbered when the file was opened
        kind: dict(_matches({plain(n).rstrip("2"): n for n in half}, SIDE))
        for kind, half in halves.items()
    }
    return Layout("NSE page", {"strike": names[strikes[0]]}, sides)


def _require(blocks: Blocks, layout: Layout) -> None:
    for kind, side in layout.sides.items():
        missing = [field for field in ("price", "oi") if field not in side]
        if missing:
            what = "last price (LTP)" if missing[0] == "price" else "open interest"
            raise ImportFileError(
                f"{blocks.label} has no {what} of the {kind} side among {listed(blocks.names)}: "
                "without it a snapshot cannot become ticks"
            )


def _by_plain(names: Sequence[str]) -> dict[str, str]:
    return {plain(name): name for name in reversed(names)}


def _stripped(by_plain: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {k.removeprefix(prefix): v for k, v in by_plain.items() if k.startswith(prefix)}


def _matches(
    by_plain: Mapping[str, str], fields: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, str]]:
    for field, aliases in fields.items():
        match = next((by_plain[alias] for alias in aliases if alias in by_plain), None)
        if match is not None:
            yield field, match
