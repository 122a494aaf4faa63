"""The desk page as one component: header, cards, chain, time machine round a chart.

Its script and styles are the files of ``desk/``, joined when this module is imported;
they import nothing and fetch nothing. Python sets one JSON text a pane, and only when it
changed; what a person does comes back as messages ``{"do": ..., ...}``.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import panel as pn
import param
from bokeh.document import Document
from panel.custom import Child, JSComponent

HERE = Path(__file__).parent
THEME_CSS = (HERE / "theme.css").read_text(encoding="utf-8")
STYLES = (
    "base",
    "header",
    "layout",
    "indices",
    "sections",
    "wide",
    "chain",
    "machine",
    "layers",
    "catalogue",
    "options",
    "status",
)
SCRIPTS = (
    "dom",
    "numbers",
    "header",
    "indices",
    "toolbar",
    "ruler",
    "sections",
    "catalogue",
    "explain",
    "chain",
    "hover",
    "plots",
    "options_chain",
    "options_plots",
    "options",
    "status",
    "notices",
    "timeline",
    "machine",
    "dialogs",
    "palette",
    "keyboard",
    "main",
)


def _joined(names: tuple[str, ...], ending: str) -> str:
    files = (HERE / "desk" / f"{name}.{ending}" for name in names)
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def _module() -> str:
    """Return the browser's module: the styles as two constants, then the scripts."""
    tokens, styles = json.dumps(THEME_CSS), json.dumps(_joined(STYLES, "css"))
    return f"const TOKENS = {tokens}\nconst STYLES = {styles}\n{_joined(SCRIPTS, 'js')}"


class DeskView(JSComponent):  # type: ignore[misc]
    """The desk of one visit. Each text is the JSON of one pane, "" until there is one."""

    chart = Child(doc="What stands in the chart's pane; set once, before the first render.")
    theme = param.Selector(default="dark", objects=["dark", "light"])
    visitor = param.String(default="", doc="Who is signed in, and where signing out goes.")
    header = param.String(default="")
    indices = param.String(default="")
    toolbar = param.String(default="")
    sections = param.String(default="")
    explain = param.String(default="")
    catalogue = param.String(default="")
    chain = param.String(default="")
    options = param.String(default="")
    options_day = param.String(default="")
    machine = param.String(default="")
    timeline = param.String(default="")
    days = param.String(default="")
    banner = param.String(default="")
    status = param.String(default="")

    _esm: ClassVar[str] = _module()

    def __init__(self, **params: Any) -> None:
        self._texts: dict[str, str] = {}
        super().__init__(**params)

    def show(self, panes: Mapping[str, str]) -> int:
        """Set the panes whose text changed, in one message; return how many did.

        Call it on the document's own loop, where Bokeh models may be changed. A text goes
        straight into the page's model: Panel's way there from a parameter takes longer than
        all the rest of an update.
        """
        changed = {name: text for name, text in panes.items() if self._texts.get(name) != text}
        self._texts |= changed
        if changed and self._models:
            with pn.io.hold():
                for model, _ in self._models.values():
                    model.data.update(**changed)
        return len(changed)

    def _get_properties(self, doc: Document | None) -> dict[str, Any]:
        """Return what the model of a page that is opened begins with: all that was shown."""
        with param.parameterized.discard_events(self):
            self.param.update(**self._texts)
        properties: dict[str, Any] = super()._get_properties(doc)
        return properties

    @property
    def _linked_properties(self) -> tuple[str, ...]:
        """Say that Panel need not watch the model: the browser answers with messages only."""
        return ()
