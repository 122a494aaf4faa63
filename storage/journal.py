"""What operations leave behind: the last state of a running process, and reports of days."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import orjson
import structlog
from sqlalchemy import select

from dashboard.core.clock import Clock
from dashboard.core.health import DayReport, OperationsStatus, Stage, Transition
from dashboard.core.kite import ConnectionStatus, SessionState, SessionStatus
from storage.engine import Database, put
from storage.tables import day_report, heartbeat

log = structlog.get_logger(__name__)

NAME = "operations"


@dataclass
class SqlJournal:
    """Keep one present state, and every day's report, as JSON."""

    database: Database
    clock: Clock

    def beat(self, status: OperationsStatus) -> None:
        """Keep the present state, in the place of the one before."""
        row = {"name": NAME, "at_ns": self.clock.now_ns(), "document": _written(status)}
        with self.database.writing() as connection:
            put(connection, heartbeat, [row])

    def last(self) -> OperationsStatus | None:
        """Return what was kept last, by whichever process; None if that cannot be read."""
        with self.database.reading() as connection:
            wanted = select(heartbeat.c.document).where(heartbeat.c.name == NAME)
            text = connection.execute(wanted).scalar()
        return None if text is None else _read(text, _status)

    def report(self, report: DayReport) -> None:
        """Keep a day's report, in the place of an earlier one of that day."""
        row = {
            "day": date.fromisoformat(report.day),
            "written_ns": report.written_ns,
            "document": _written(report),
        }
        with self.database.writing() as connection:
            put(connection, day_report, [row])

    def reports(self, count: int) -> tuple[DayReport, ...]:
        """Return the latest reports, newest first; one that cannot be read is left out."""
        wanted = select(day_report.c.document).order_by(day_report.c.day.desc()).limit(count)
        with self.database.reading() as connection:
            texts = connection.execute(wanted).scalars().all()
        found = (_read(text, _report) for text in texts)
        return tuple(one for one in found if one is not None)


def _written(value: Any) -> str:
    return orjson.dumps(asdict(value)).decode()


def _read(text: str, make: Any) -> Any:
    try:
        return make(orjson.loads(text))
    except (ValueError, KeyError, TypeError) as error:
        log.warning("what was kept cannot be read; another version wrote it", error=str(error))
        return None


def _status(plain: Mapping[str, Any]) -> OperationsStatus:
    sessions = ({**one, "state": SessionState(one["state"])} for one in plain["sessions"])
    return OperationsStatus(
        **{
            **plain,
            "sessions": tuple(SessionStatus(**one) for one in sessions),
            "connections": tuple(ConnectionStatus(**one) for one in plain["connections"]),
            "stages": tuple(Stage(**one) for one in plain["stages"]),
            "transitions": tuple(Transition(**one) for one in plain["transitions"]),
            "problems": tuple(plain["problems"]),
            "reports": tuple(_report(one) for one in plain["reports"]),
        }
    )


def _report(plain: Mapping[str, Any]) -> DayReport:
    return DayReport(**{**plain, "remarks": tuple(plain["remarks"])})
