"""Look at the desk without sign-in or pipeline: `panel serve tests/ui/preview.py`.

`?variant=mock&theme=light&operations=broken&role=owner` chooses what is shown.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import panel as pn
from bokeh.plotting import figure as bokeh_figure

from dashboard.core.market import Source
from dashboard.pipeline.snapshot import Snapshot
from dashboard.signals import load_signals
from dashboard.ui.desk import DeskView
from dashboard.ui.phrases import to_json
from dashboard.ui.present import present
from dashboard.ui.present_catalogue import catalogue_text
from dashboard.ui.present_machine import days_pane
from dashboard.ui.selection import Selection
from tests.ui.sample import DAY, VARIANTS, make_days
from tests.ui.sample_operations import OPERATIONS
from tests.ui.sample_options import EXPIRIES


def asked(name: str, default: str) -> str:
    """Return one argument of the address."""
    given: bytes = pn.state.session_args.get(name, [default.encode()])[0]
    return given.decode()


def choose(now: Selection, said: dict[str, Any]) -> Selection:
    """Return the selection after one message of the page."""
    match said["do"]:
        case "explain":
            return replace(now, explain=said["id"])
        case "blind":
            return replace(now, blind=said["on"])
        case "strikes":
            return replace(now, all_strikes=said["all"])
        case "room":
            return replace(now, room=said["room"])
        case "expiry":
            return replace(now, expiry=EXPIRIES[int(said["at"])])
        case "underlying" | "timeframe" as what:
            return replace(now, **{what: said[what]})
        case "overlay":
            rest = tuple(name for name in now.overlays if name != said["id"])
            return replace(now, overlays=(*rest, said["id"]) if said["on"] else rest)
    return now


def tick(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot one second and one point of NIFTY later."""
    quote = snapshot.indices["NIFTY"]
    risen = replace(quote, price=(quote.price or 0) + 1)
    later = snapshot.at + timedelta(seconds=1)
    return replace(snapshot, at=later, indices={**snapshot.indices, "NIFTY": risen})


def main() -> None:
    """Put one desk into the document; it remembers choices but plays nothing."""
    pn.extension()
    figure = bokeh_figure(
        sizing_mode="stretch_both", toolbar_location=None, y_axis_location="right"
    )
    figure.line([0, 1, 2, 3], [24246, 24310, 24290, 24302])
    chart = pn.pane.Bokeh(figure, sizing_mode="stretch_both")
    view = DeskView(chart=chart, theme=asked("theme", "dark"), sizing_mode="stretch_both")
    chosen = {"it": Selection(can_live=True)}
    shown = {"it": VARIANTS[asked("variant", "replay")]()}
    make_operations = OPERATIONS.get(asked("operations", ""))
    operations = make_operations() if make_operations else None
    role = asked("role", "owner")
    if operations is not None:
        shown["it"] = replace(shown["it"], stages=operations.stages)
    view.visitor = to_json(
        {"name": "Asha Rao", "initials": "AR", "detail": "Owner", "logout": "/logout", "xsrf": ""}
    )

    def show() -> None:
        days = days_pane(make_days(), (DAY, Source.RECORDED), blind=chosen["it"].blind)
        panes = present(shown["it"], chosen["it"], (), operations, role)
        view.show(panes | {"days": days})

    def on_message(event: Any) -> None:
        chosen["it"] = choose(chosen["it"], event.data)
        if event.data["do"] == "catalogue":
            view.show({"catalogue": catalogue_text(load_signals())})
        if event.data["do"] == "step":
            shown["it"] = tick(shown["it"])
        show()

    view.on_msg(on_message)
    show()
    view.servable()


main()
