"""The desk's texts on their way into the page: all of them at its start, then what changed."""

import pytest
from bokeh.document import Document
from bokeh.document.events import DocumentChangedEvent, ModelChangedEvent
from bokeh.model import Model

from dashboard.ui.chart.candles import CandleChart
from dashboard.ui.desk import DeskView


@pytest.fixture
def view() -> DeskView:
    """Return a desk that was told its header and its days before any page was opened."""
    made = DeskView(chart=CandleChart().pane, visitor="{}")
    made.show({"header": "1", "days": "2"})
    return made


def opened(view: DeskView) -> tuple[Model, list[tuple[str, str]]]:
    """Return a page's model and the list that what is sent to it will be added to."""
    document, sent = Document(), []
    root = view.get_root(document)
    document.add_root(root)

    def hear(event: DocumentChangedEvent) -> None:
        assert isinstance(event, ModelChangedEvent)
        sent.append((event.attr, event.new))

    document.on_change(hear)
    return root, sent


def test_a_page_begins_with_all_that_was_shown(view: DeskView):
    page, _ = opened(view)
    assert (page.data.header, page.data.days, page.data.chain) == ("1", "2", "")


def test_an_update_sends_what_changed_and_nothing_else(view: DeskView):
    page, sent = opened(view)
    assert view.show({"header": "3", "days": "2", "chain": "4"}) == 2
    assert sent == [("header", "3"), ("chain", "4")]
    assert view.show({"header": "3", "chain": "4"}) == 0
    assert len(sent) == 2
    assert (page.data.header, page.data.days, page.data.chain) == ("3", "2", "4")


def test_a_page_opened_later_begins_where_the_others_are(view: DeskView):
    first, _ = opened(view)
    view.show({"header": "3"})
    second, sent = opened(view)
    assert second.data.header == first.data.header == "3"
    view.show({"header": "5"})
    assert (first.data.header, second.data.header) == ("5", "5")
    assert sent == [("header", "5")]


def test_a_pane_that_no_page_knows_is_refused(view: DeskView):
    opened(view)
    with pytest.raises(AttributeError, match="hedaer"):
        view.show({"hedaer": "1"})
