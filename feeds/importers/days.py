"""Write one day of a file as a tape, unless it is there already."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b

from dashboard.core.errors import DuplicateError, ImportFileError, StoreError
from dashboard.core.market import Frame, Instrument, Ints, Source
from dashboard.core.ports import Gap, Store, TapeInfo
from feeds.importers.report import ImportedDay, Tally

_DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class Tape:
    """What one day of a file becomes. `rows` and `ticks` are counts for the report."""

    info: TapeInfo
    instruments: Sequence[Instrument]
    frames: Iterable[list[Frame]]
    rows: int
    ticks: int
    gaps: Sequence[Gap] = ()  # of which the file says nothing


def digest(kind: str, instruments: Sequence[Instrument], contents: Iterable[Ints]) -> str:
    """Return the digest of a day's content: the same for the same rows in any file.

    A file that has grown since, or was fetched again, is thereby known day by day.
    """
    found = blake2b(kind.encode(), digest_size=_DIGEST_BYTES)
    for instrument, values in zip(instruments, contents, strict=True):
        found.update(f"|{instrument.symbol}|{values.shape}|".encode())
        found.update(values.tobytes())
    return found.hexdigest()


def write(tape: Tape, store: Store, tally: Tally, *, replace: bool) -> None:
    """Write a tape; a day that is stored is counted, one of another source is refused.

    A day that is stored and damaged is written anew, and so is every day with `replace`.

    Raises
    ------
    StoreError
        If the database refuses for another reason. The day in hand is then not stored; the
        days before it are.
    """
    info = tape.info
    stored = info.origin_digest in store.origins(info.day, Source(info.source))
    damaged = stored and bool(
        store.damaged_tapes(info.day, Source(info.source), info.origin_digest)
    )
    if stored and not (damaged or replace):
        tally.already.append(info.day)
        return
    try:
        with store.begin_tape(info, tape.instruments, replace=replace or damaged) as writer:
            for part in tape.frames:
                writer.append(part)
            for gap in tape.gaps:
                writer.mark_gap(gap)
    except DuplicateError as error:
        tally.refuse("duplicate", info.day, str(error), tape.rows)
        return
    except StoreError as error:
        if not tally.days:
            raise
        kept = f"{info.label}: the days before {info.day} are kept; import it again to go on"
        raise type(error)(f"{error}. {kept}") from error
    if damaged:
        tally.mended.append(info.day)
    tally.days.append(
        ImportedDay(info.day, info.fidelity, len(tape.instruments), tape.rows, tape.ticks)
    )


def recorded(day: date, fidelity: str, label: str, origin: str) -> TapeInfo:
    """Return what an imported tape says of itself."""
    return TapeInfo(day, Source.RECORDED, fidelity, label, origin)


def raise_if_nothing(tally: Tally, label: str, unknown: Mapping[str, int]) -> None:
    """Raise what stands in the way if no day of a file is in the store.

    Raises
    ------
    DuplicateError
        If days were refused because another source has them.
    ImportFileError
        If there was another reason, or no rows at all.
    """
    if tally.days or tally.already:
        return
    if tally.refused:
        error = DuplicateError if "duplicate" in tally.refused else ImportFileError
        raise error(tally.why_nothing())
    if tally.rows_read == 0:
        raise ImportFileError(f"{label} has a header and no rows")
    names = ", ".join(map(repr, list(unknown)[:5]))
    raise ImportFileError(
        f"{label} has no row that can be kept: no instrument is known as {names}; "
        "say whose rows these are, as in symbol='NIFTY 50'"
    )
