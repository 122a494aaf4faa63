"""The page of Tezi: run once for every visit by ``panel serve app.py``."""

import panel as pn

from dashboard.serve_hook import require_hook
from dashboard.ui.opening import open_visit
from dashboard.ui.runtime import get_runtime
from dashboard.ui.signin.visits import visitor_of

require_hook()
doc = pn.state.curdoc
visitor = visitor_of(doc)
if visitor:
    get_runtime().visits.register(doc, visitor)
    open_visit(doc, visitor).servable(title="Tezi")
