"""A snapshot and a selection as the JSON texts that `DeskView` shows.

Pure: the same snapshot and selection give the same texts, whoever asks. Every number is
formatted here, once; the browser only places texts. Unknown is a dash with its reason.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dashboard.core.health import OperationsStatus
from dashboard.pipeline.snapshot import Snapshot
from dashboard.ui.notice import Notice
from dashboard.ui.phrases import to_json
from dashboard.ui.present_chain import chain_pane
from dashboard.ui.present_explain import explain_pane
from dashboard.ui.present_header import header_pane
from dashboard.ui.present_indices import indices_pane
from dashboard.ui.present_machine import machine_pane
from dashboard.ui.present_notices import banner_pane
from dashboard.ui.present_options import options_pane
from dashboard.ui.present_options_day import options_day_pane, options_day_rests_on
from dashboard.ui.present_sections import sections_pane
from dashboard.ui.present_status import status_pane, status_rests_on
from dashboard.ui.present_timeline import timeline_pane, timeline_rests_on
from dashboard.ui.present_toolbar import toolbar_pane, toolbar_rests_on
from dashboard.ui.selection import Selection

Panes = dict[str, str]
Make = Callable[[Snapshot, Selection], Any]
Rests = Callable[[Snapshot, Selection], tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Pane:
    """One pane: what makes it, for one that seldom changes what it rests on, and its room.

    A pane of one room is not made while another room is open.
    """

    make: Make
    rests_on: Rests | None = None
    room: str = ""


PANES = {
    "toolbar": Pane(toolbar_pane, toolbar_rests_on),
    "machine": Pane(machine_pane),
    "timeline": Pane(timeline_pane, timeline_rests_on),
    "header": Pane(header_pane),
    "indices": Pane(indices_pane, room="desk"),
    "sections": Pane(sections_pane, room="desk"),
    "chain": Pane(chain_pane, room="desk"),
    "explain": Pane(explain_pane, room="desk"),
    "options": Pane(options_pane, room="options"),
    "options_day": Pane(options_day_pane, options_day_rests_on, room="options"),
}


class Presenter:
    """What one visit is shown; a pane is made again only when what it rests on has changed.

    Even a short pane costs tenths of a millisecond when it is made four times a second.
    """

    def __init__(self, role: str = "") -> None:
        self._role = role
        self._rested: dict[str, tuple[object, ...]] = {}
        self._texts: Panes = {}

    def present(
        self,
        snapshot: Snapshot,
        selection: Selection,
        notices: tuple[Notice, ...] = (),
        operations: OperationsStatus | None = None,
    ) -> Panes:
        """Return the text of every pane that follows the snapshot, by `DeskView` parameter.

        `notices` are banners about things a snapshot does not know; `operations` is what
        keeps a live desk going, None where there is none.
        """
        for name, pane in PANES.items():
            if pane.room not in ("", selection.room):
                continue
            rests = pane.rests_on(snapshot, selection) if pane.rests_on else None
            if not self._is_kept(name, rests):
                self._texts[name] = to_json(pane.make(snapshot, selection))
        return self._texts | self.present_operations(snapshot, selection, notices, operations)

    def present_operations(
        self,
        snapshot: Snapshot,
        selection: Selection,
        notices: tuple[Notice, ...] = (),
        operations: OperationsStatus | None = None,
    ) -> Panes:
        """Return the texts that change without a snapshot: banners, and the status room."""
        if selection.room == "status":
            rests = status_rests_on(snapshot, selection, operations)
            if not self._is_kept("status", rests):
                made = status_pane(snapshot, selection, operations, self._role)
                self._texts["status"] = to_json(made)
        banners = banner_pane(snapshot, selection, notices, operations, self._role)
        shown = {"status": self._texts["status"]} if "status" in self._texts else {}
        return shown | {"banner": to_json(banners)}

    def _is_kept(self, name: str, rests: tuple[object, ...] | None) -> bool:
        """Say whether a pane rests on what it rested on before; one without is always made."""
        if rests is None:
            return False
        before = self._rested.get(name)
        self._rested[name] = rests
        return before is not None and all(map(_is_same, before, rests))


def _is_same(before: object, now: object) -> bool:
    """Compare by value, arrays by identity: they are never written to."""
    has_array = isinstance(before, np.ndarray) or isinstance(now, np.ndarray)
    return before is now or (not has_array and before == now)


def present(
    snapshot: Snapshot,
    selection: Selection,
    notices: tuple[Notice, ...] = (),
    operations: OperationsStatus | None = None,
    role: str = "",
) -> Panes:
    """Return the text of every pane for one look at a snapshot."""
    return Presenter(role).present(snapshot, selection, notices, operations)
