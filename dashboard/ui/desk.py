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
from panel.custom import Child, JSComponent

HERE = Path(__file__).parent
THEME_CSS = (HERE / "theme.css").read_text(encoding="utf-8")
STYLES = ("base", "header", "layout", "indices", "sections", "chain", "machine", "layers")
SCRIPTS = (
    "dom",
    "numbers",
    "header",
    "indices",
    "toolbar",
    "sections",
    "explain",
    "chain",
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
    chain = param.String(default="")
    machine = param.String(default="")
    timeline = param.String(default="")
    days = param.String(default="")
    banner = param.String(default="")

    _esm: ClassVar[str] = _module()

    @classmethod
    def _patch_datamodel_ref(cls, props: Any, ref: str) -> None:
        """Name the page's root on our data, so that it is cleared away with the page.

        Panel looks for data in every model below, the whole chart, at each update, which
        takes two thirds of an update's time; there is none but our own.
        """
        mark = f"__ref:{ref}"
        if mark not in props.tags:
            props.tags.append(mark)

    def show(self, panes: Mapping[str, str]) -> int:
        """Set the panes whose text changed, in one message; return how many did."""
        changed = {name: text for name, text in panes.items() if getattr(self, name) != text}
        if changed:
            with pn.io.hold():
                self.param.update(**changed)
        return len(changed)
