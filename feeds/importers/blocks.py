"""Read a CSV, gzipped CSV or Parquet file in blocks, so that its size does not matter.

What a file is, is read from its first bytes, not from its name. CSV cells stay text: each
importer turns the columns it needs into numbers and can then name the cell that is wrong.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet

from dashboard.core.errors import DamagedFileError, ImportFileError
from feeds.importers.lines import beginning, whole_lines

BATCH_ROWS = 65_536
UNKNOWN_WORDS = ["", "-", "--", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "none"]
_SEPARATORS = ",;\t|"
_HEAD_BYTES = 1 << 16
_UNCLOSED = "a quote that is not closed"  # would take in all lines up to the next one
_GZIP, _PARQUET, _ZIP = b"\x1f\x8b", b"PAR1", b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class Block:
    """Some consecutive rows. `lines` are where they stand in the file, as people count."""

    batch: Any  # pyarrow.RecordBatch
    lines: np.ndarray[Any, np.dtype[np.int64]]
    fraction: float  # of the file that has been read by now
    malformed: tuple[str, ...] = ()  # rows before the block's end that have other columns


class Blocks:
    """An open file: its column names, and its rows block by block.

    Raises
    ------
    ImportFileError
        If the file is absent, empty or of another format.
    DamagedFileError
        While it is read, if it ends in the middle.
    """

    def __init__(self, path: Path, *, skip_rows: int = 0) -> None:
        self.path = path
        self.label = path.name
        self.noun = "line"
        self._skip_rows = skip_rows
        self._malformed: list[tuple[int, str]] = []
        magic = self._magic()
        if magic.startswith(_PARQUET):
            self.noun = "row"
            self._parquet = self._open_parquet()
            self.names: list[str] = list(self._parquet.schema_arrow.names)
        else:
            self._parquet = None
            self.names = self._header(magic)

    def __iter__(self) -> Iterator[Block]:
        return self._parquet_blocks() if self._parquet is not None else self._csv_blocks()

    # -- what it is --------------------------------------------------------------------

    def _magic(self) -> bytes:
        try:
            with self.path.open("rb") as file:
                magic = file.read(4)
        except OSError as error:
            raise ImportFileError(f"{self.path}: cannot be opened ({error.strerror})") from error
        if not magic:
            raise ImportFileError(f"{self.label} is empty")
        if magic.startswith(_ZIP):
            raise ImportFileError(f"{self.label} is a zip or Excel file: give the CSV inside it")
        return magic

    def _open_parquet(self) -> Any:
        try:
            return parquet.ParquetFile(self.path)
        except (OSError, pa.ArrowException) as error:
            raise ImportFileError(f"{self.label} is a damaged Parquet file: {error}") from error

    def _header(self, magic: bytes) -> list[str]:
        self._gzipped = magic.startswith(_GZIP)
        head = self._first_line()
        if "\0" in head or "\ufffd" in head:
            raise ImportFileError(f"{self.label} is not a CSV file: it does not hold plain text")
        if head.lstrip().startswith(("<", "{", "[")):
            raise ImportFileError(f"{self.label} is not a CSV file: it begins {head[:20]!r}")
        self._separator = max(_SEPARATORS, key=head.count)
        names = [name.strip().strip('"').strip() for name in head.split(self._separator)]
        self.names = [name or f"column {at}" for at, name in enumerate(names, start=1)]
        if len(self.names) < 2:
            raise ImportFileError(
                f"{self.label} is not a CSV file: its first line {head[:40]!r} has one column"
            )
        return self._unique(self.names)

    def _first_line(self) -> str:
        with self.path.open("rb") as file:
            try:
                data = beginning(file, _HEAD_BYTES, gzipped=self._gzipped)
            except DamagedFileError as error:
                raise ImportFileError(f"{self.label}: {error}") from error
        text = data[:_HEAD_BYTES].decode("utf-8-sig", errors="replace")
        lines = text.splitlines(keepends=True)[self._skip_rows :]
        if not lines:
            raise ImportFileError(f"{self.label} is empty")
        first = str(lines[0].splitlines()[0])
        if first == lines[0] and len(data) >= _HEAD_BYTES and "\0" not in first:
            raise ImportFileError(f"{self.label} is not a CSV file: its first line has no end")
        return first

    @staticmethod
    def _unique(names: list[str]) -> list[str]:
        """Return names made unique, as the two halves of an NSE page repeat theirs."""
        seen: dict[str, int] = {}
        result = []
        for name in names:
            seen[name] = seen.get(name, 0) + 1
            result.append(name if seen[name] == 1 else f"{name} {seen[name]}")
        return result

    # -- its rows ------------------------------------------------------------------------

    def _parquet_blocks(self) -> Iterator[Block]:
        total = max(1, self._parquet.metadata.num_rows)
        done = 0
        try:
            for batch in self._parquet.iter_batches(batch_size=BATCH_ROWS):
                lines = np.arange(done + 1, done + len(batch) + 1)
                done += len(batch)
                yield Block(batch, lines, done / total)
        except (OSError, pa.ArrowException) as error:
            raise DamagedFileError(
                f"{self.label}: the file is damaged after row {done:,} ({error})"
            ) from error

    def _csv_blocks(self) -> Iterator[Block]:
        size = max(1, self.path.stat().st_size)
        line = self._skip_rows + 2
        with self.path.open("rb") as file:
            for text in self._without_header(whole_lines(file, gzipped=self._gzipped)):
                self._malformed = []
                batch = self._parse(text, line)
                lines = self._lines(line, len(batch))
                malformed = tuple(
                    f"line {line + at - 1:,}: {words}" for at, words in self._malformed
                )
                line += text.count(b"\n")
                if len(batch) or malformed:
                    yield Block(batch, lines, min(1.0, file.tell() / size), malformed)

    def _without_header(self, texts: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the text after the header.

        Raises
        ------
        DamagedFileError
            If the file breaks off, naming it.
        """
        try:
            first = next(texts, b"")
            yield _after_lines(first, self._skip_rows + 1)
            yield from texts
        except DamagedFileError as error:
            raise DamagedFileError(f"{self.label}: {error}") from error

    def _parse(self, text: bytes, line: int) -> Any:
        """Return the rows of a text that begins at `line`.

        Raises
        ------
        DamagedFileError
            If it is no text, or no table.
        """
        try:
            text.decode("utf-8")
        except UnicodeDecodeError as error:
            at = line + text.count(b"\n", 0, error.start)
            raise DamagedFileError(
                f"{self.label}: line {at:,} does not hold plain text (UTF-8)"
            ) from error
        try:
            return self._parsed(_with_closed_quotes(text))
        except pa.ArrowInvalid as error:
            raise DamagedFileError(
                f"{self.label}: line {line:,} or one soon after it is no row of a table ({error})"
            ) from error

    def _parsed(self, text: bytes) -> Any:
        if not text.strip():
            return pa.RecordBatch.from_pylist([], schema=self._schema())
        table = arrow_csv.read_csv(
            pa.BufferReader(text),
            read_options=arrow_csv.ReadOptions(
                use_threads=False, block_size=len(text) + 1, column_names=self.names
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=self._separator, invalid_row_handler=self._on_malformed
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=self._schema(), strings_can_be_null=True, null_values=UNKNOWN_WORDS
            ),
        )
        batches = table.combine_chunks().to_batches()
        return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=self._schema())

    def _schema(self) -> Any:
        return pa.schema([(name, pa.string()) for name in self.names])

    def _on_malformed(self, row: Any) -> str:
        found = f"{row.actual_columns} columns instead of {row.expected_columns}"
        found = _UNCLOSED if row.text == _UNCLOSED else found
        self._malformed.append((row.number or 1, found))
        return "skip"

    def _lines(self, first: int, count: int) -> Any:
        """Return the line of each row; malformed rows before it push it down."""
        plain = np.arange(first, first + count, dtype=np.int64)
        skipped = np.array(sorted(first + at - 1 for at, _ in self._malformed), dtype=np.int64)
        return plain + np.searchsorted(skipped - np.arange(len(skipped)), plain, side="right")


def _after_lines(text: bytes, count: int) -> bytes:
    parts = text.split(b"\n", count)
    return parts[count] if len(parts) > count else b""


def _with_closed_quotes(text: bytes) -> bytes:
    """Return the text with words in place of each line that opens a quote and leaves it so."""
    if b'"' not in text:
        return text
    lines = text.split(b"\n")
    return b"\n".join(_UNCLOSED.encode() if n.count(b'"') % 2 else n for n in lines)
