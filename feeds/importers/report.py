"""What an import did, kept and left out, as numbers and as sentences for people."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

Progress = Callable[[float, str], None]  # fraction 0..1 and what is being done
MANY_BAD = 0.05  # of the rows; more may mean that the columns are not what they seem
_SHOWN = 3  # days
_KINDS = 8  # of faults


@dataclass(frozen=True, slots=True)
class ImportedDay:
    """One day that was written. `rows` are bars, or contracts seen in snapshots."""

    day: date
    fidelity: str
    instruments: int
    rows: int
    ticks: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Rows that are not on the tape, and where the first and last of them stand."""

    reason: str  # "outside trading hours"
    count: int
    first: str
    last: str

    def __str__(self) -> str:
        where = self.first if self.first == self.last else f"{self.first} to {self.last}"
        return f"{_count(self.count, 'row')} left out, {self.reason}: {where}"


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The outcome of one file.

    `columns` maps what was needed to the file's own column names. `already` are days that
    were stored before with the same content; `refused` says of each other day or stretch
    of the file why it is not stored. `notes` are things worth knowing about what is.
    """

    label: str
    layout: str
    columns: Mapping[str, str]
    days: tuple[ImportedDay, ...]
    already: tuple[date, ...]
    refused: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    rows_read: int
    mended: tuple[date, ...] = ()  # of `days`: were stored before, and damaged

    @property
    def rows_kept(self) -> int:
        """Return how many rows of the file are on tapes that this import wrote."""
        return sum(day.rows for day in self.days)

    def sentences(self) -> list[str]:
        """Return the report as one sentence a line, the result first."""
        return [self._result(), *self.refused, *map(str, self.left_out), *self.notes]

    def _result(self) -> str:
        days, known = len(self.days), len(self.already)
        if not days and known:
            return f"{self.label}: already there ({_count(known, 'day')}); nothing changed"
        wrote = f"{self.label}: {_count(days, 'day')} written ({self.layout})"
        if self.mended:
            were = "day was" if len(self.mended) == 1 else "days were"
            wrote += f"; {len(self.mended):,} {were} damaged and written anew"
            wrote += f" ({', '.join(map(str, self.mended[:_SHOWN]))}{_dots(self.mended)})"
        return f"{wrote}; {known} of {days + known} days were already there" if known else wrote


@dataclass(slots=True)
class Refusal:
    """Days that are not stored for one kind of reason: the first one's words stand for all."""

    sentence: str
    days: list[date]
    rows: int = 0

    def __str__(self) -> str:
        others = {day for day in self.days if day != self.days[0]}
        skipped = f"{_count(self.rows, 'row')} skipped"
        if not others:
            return f"{self.sentence}; {skipped}" if self.rows else self.sentence
        more = f"{_count(len(others), 'more day')} to {max(others)} likewise"
        return f"{self.sentence}; {more}" + (f", {skipped} in all" if self.rows else "")


@dataclass(slots=True)
class Fault:
    """Rows with one kind of fault: the first one's place and words, and how many there are."""

    first: str
    rows: int

    def __str__(self) -> str:
        return self.first if self.rows == 1 else f"{self.first} ({self.rows:,} such rows)"


@dataclass(slots=True)
class Tally:
    """Counts while a file is read."""

    days: list[ImportedDay] = field(default_factory=list)
    already: list[date] = field(default_factory=list)
    refused: dict[str, "Refusal"] = field(default_factory=dict)  # by kind
    unsorted: list[date] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rows_read: int = 0
    bad: int = 0  # rows whose values cannot be right
    faults: dict[str, Fault] = field(default_factory=dict)  # of those, by kind
    mended: list[date] = field(default_factory=list)
    left_out: dict[str, LeftOut] = field(default_factory=dict)
    rounded: int = 0  # prices
    broken: int = 0  # volumes and open interest that are no whole number of units

    def leave_out(self, reason: str, count: int, first: str, last: str) -> None:
        """Count rows that are not kept."""
        if count:
            old = self.left_out.get(reason)
            total, begin = (old.count, old.first) if old else (0, first)
            self.left_out[reason] = LeftOut(reason, total + count, begin, last)

    @property
    def rows_left_out(self) -> int:
        """Return how many rows are left out so far, the bad ones apart."""
        return sum(one.count for one in self.left_out.values())

    def refuse(self, kind: str, day: date, sentence: str, rows: int = 0) -> None:
        """Say why a day is not stored; further days of the same kind are only counted."""
        refusal = self.refused.setdefault(kind, Refusal(sentence, []))
        refusal.days.append(day)
        refusal.rows += rows

    def fault(self, kind: str, first: str, rows: int) -> None:
        """Count rows with a fault; the words of the first of a kind stand for all."""
        self.faults.setdefault(kind, Fault(first, 0)).rows += rows

    def faults_told(self) -> str:
        """Return the first line of each kind of fault, and how many rows have it."""
        told = "; ".join(map(str, list(self.faults.values())[:_KINDS]))
        more = len(self.faults) - _KINDS
        return told + (f"; and {_count(more, 'more kind')} of fault" if more > 0 else "")

    def why_nothing(self) -> str:
        """Return why no day of the file is stored: all that was refused and left out."""
        sentences = [*map(str, self.refused.values()), *map(str, self.left_out.values())]
        if self.bad:
            sentences.append(str(self._bad_rows()))
        return "; ".join(sentences)

    def _bad_rows(self) -> LeftOut:
        where = self.faults_told()
        return LeftOut("a value is missing or cannot be right", self.bad, where, where)

    def note(self, sentence: str) -> None:
        """Keep a sentence once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def report(self, label: str, layout: str, columns: Mapping[str, str]) -> ImportReport:
        """Return the finished report."""
        if self.bad:
            bad = self._bad_rows()
            self.leave_out(bad.reason, bad.count, bad.first, bad.last)
        if self.bad > MANY_BAD * self.rows_read:
            good = self.rows_read - self.bad
            self.notes.insert(
                0,
                f"Only {good:,} of {self.rows_read:,} rows could be read: "
                "see that its columns are what they seem",
            )
        if self.rounded:
            self.note(f"{_count(self.rounded, 'price')} had more than 2 decimals: rounded to 0.01")
        if self.broken:
            amounts = _count(self.broken, "amount")
            self.note(f"{amounts} of volume or open interest had a fraction: rounded to 1 unit")
        if self.unsorted:
            days = _count(len(set(self.unsorted)), "day")
            self.note(
                f"Rows were out of order on {days} (first {self.unsorted[0]}) and were sorted"
            )
        return ImportReport(
            label=label,
            layout=layout,
            columns=dict(columns),
            days=tuple(self.days),
            already=tuple(sorted(set(self.already))),
            refused=tuple(map(str, self.refused.values())),
            left_out=tuple(self.left_out.values()),
            notes=tuple(self.notes),
            rows_read=self.rows_read,
            mended=tuple(sorted(set(self.mended))),
        )


def _dots(days: tuple[date, ...]) -> str:
    return ", ..." if len(days) > _SHOWN else ""


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
