"""A snapshot and a selection as the JSON texts that `DeskView` shows.

Pure: the same snapshot and selection give the same texts, whoever asks. Every number is
formatted here, once; the browser only places texts. Unknown is a dash with its reason.
"""

from dashboard.pipeline.snapshot import Snapshot
from dashboard.ui.phrases import to_json
from dashboard.ui.present_chain import chain_pane
from dashboard.ui.present_explain import explain_pane
from dashboard.ui.present_header import header_pane
from dashboard.ui.present_indices import indices_pane
from dashboard.ui.present_machine import machine_pane
from dashboard.ui.present_notices import Notice, banner_pane
from dashboard.ui.present_sections import sections_pane
from dashboard.ui.present_timeline import timeline_pane
from dashboard.ui.present_toolbar import toolbar_pane
from dashboard.ui.selection import Selection

Panes = dict[str, str]


def present(snapshot: Snapshot, selection: Selection, notices: tuple[Notice, ...] = ()) -> Panes:
    """Return the text of every pane that follows the snapshot, by `DeskView` parameter.

    `notices` are banners about things a snapshot does not know: a sign-in that is due,
    a store that is full.
    """
    return {
        "toolbar": to_json(toolbar_pane(snapshot, selection)),
        "machine": to_json(machine_pane(snapshot, selection)),
        "timeline": to_json(timeline_pane(snapshot, selection)),
        "header": to_json(header_pane(snapshot, selection)),
        "indices": to_json(indices_pane(snapshot, selection)),
        "sections": to_json(sections_pane(snapshot, selection)),
        "chain": to_json(chain_pane(snapshot, selection)),
        "banner": to_json(banner_pane(snapshot, selection, notices)),
        "explain": to_json(explain_pane(snapshot, selection)),
    }
