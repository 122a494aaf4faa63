"""The page as a person uses it: sign in, watch, pause, seek, read a number, sign out."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from datetime import time as clock_time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.composition import make_tools
from dashboard.core.clock import IST
from dashboard.core.market import Source
from dashboard.core.wording import number
from dashboard.pipeline.days import StoredDay
from dashboard.research.client import open_day
from dashboard.ui.chart.palette import palette
from feeds.importers.bars import import_bars
from feeds.importers.chain import import_chain
from storage.store import SqlStore, open_store
from tests.ui.server import OWNER, PASSWORD, PATIENCE_MS, Served, serve

pytestmark = pytest.mark.browser

DESK = {"width": 1440, "height": 900}


class Watched:
    """A page whose console and requests are kept."""

    def __init__(self, browser: Browser, base: str, **options: object) -> None:
        self.context = browser.new_context(**{"viewport": DESK, **options})  # type: ignore[arg-type]
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.complaints: list[str] = []
        self.foreign: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._hear)
        self.page.on(
            "request",
            lambda r: (
                None
                if r.url.startswith((base, "data:", "blob:"))
                or r.url.startswith(base.replace("http", "ws"))
                else self.foreign.append(r.url)
            ),
        )

    def _hear(self, message) -> None:
        if message.type == "error":
            self.complaints.append(message.text)


@pytest.fixture
def watched(chromium: Browser) -> Iterator[list[Watched]]:
    opened: list[Watched] = []
    yield opened
    for one in opened:
        one.context.close()
        assert one.complaints == []
        assert one.foreign == []


def _sign_in(served: Served, browser: Browser, opened: list[Watched], **options: object) -> Page:
    watched = Watched(browser, served.base, **options)
    opened.append(watched)
    served.sign_in_page(watched.page)
    expect(watched.page.locator(".card").first).to_be_visible()
    return watched.page


# Whether the chart is painted in two colours of candles, and not in two others, with the
# prices on its axis and a tag among them.
IS_PAINTED = """([here, gone]) => {
  const canvases = []
  const tags = []
  const walk = (root) => {
    for (const node of root.querySelectorAll("*")) {
      if (node.tagName === "CANVAS") canvases.push(node)
      if (node.dataset?.part === "tag") tags.push(node.textContent)
      if (node.shadowRoot) walk(node.shadowRoot)
    }
  }
  walk(document)
  const plots = Bokeh.documents.flatMap((one) => [...one.all_models])
  const plot = plots.find((one) => one.type === "Figure" && one.tags.length)
  const count = { here: 0, gone: 0, axis: 0 }
  for (const canvas of canvases.filter((one) => one.width && one.height)) {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] < 128) continue
      const colour = (data[i] << 16) | (data[i + 1] << 8) | data[i + 2]
      if (here.includes(colour)) count.here++
      if (gone.includes(colour)) count.gone++
      if ((i / 4) % canvas.width > plot.inner_width) count.axis++
    }
  }
  const priced = tags.some((text) => /\\d/.test(text))
  return count.here > 40 && count.gone === 0 && count.axis > 40 && priced
}"""


def _colours(theme: str) -> list[int]:
    return [int(palette(theme)[token][1:], 16) for token in ("bull", "bear")]


def _see_painted(page: Page, theme: str, title: str) -> None:
    """Wait until the chart of `title` is painted in a theme and in nothing of the other."""
    expect(page.locator("[data-part=head]")).to_contain_text(title)
    other = "light" if theme == "dark" else "dark"
    page.wait_for_function(IS_PAINTED, arg=[_colours(theme), _colours(other)])


def _clock(page: Page) -> str:
    return page.locator(".clock b").first.inner_text()


def _seek(page: Page, time: str) -> None:
    page.keyboard.press("/")
    page.keyboard.type(f"seek {time}")
    page.keyboard.press("Enter")
    expect(page.locator(".clock b").first).to_have_text(re.compile(f"^{time}"))


def _pause(page: Page) -> None:
    """Pause a day once it plays; whoever pauses the shared one waits for a replay of it."""
    button = page.locator(".pl").first
    expect(button).to_have_attribute("aria-label", "Pause")
    page.keyboard.press("Space")
    expect(button).to_have_attribute("aria-label", "Play")
    expect(page.locator(".day")).not_to_contain_text("LOADING")


def test_a_generated_day_is_already_playing_and_says_mock(
    served: Served, chromium: Browser, watched: list[Watched]
):
    page = _sign_in(served, chromium, watched)
    expect(page.locator(".mode")).to_have_text(re.compile("MOCK"))
    began = _clock(page)
    expect(page.locator(".clock b").first).not_to_have_text(began)
    for card in page.locator(".card").all():
        expect(card).to_contain_text("MOCK")


def test_another_theme_or_instrument_leaves_the_chart_painted_and_the_log_clean(
    served: Served, chromium: Browser, watched: list[Watched]
):
    page = _sign_in(served, chromium, watched)
    before = len(served.lines)
    press = page.keyboard.press
    _see_painted(page, "dark", "NIFTY 50 · 5m")
    press("Shift+T")
    _see_painted(page, "light", "NIFTY 50 · 5m")
    press("2")
    _see_painted(page, "light", "NIFTY BANK · 5m")
    press("t")
    _see_painted(page, "light", "NIFTY BANK · 15m")
    press("Shift+T")
    _see_painted(page, "dark", "NIFTY BANK · 15m")
    press("1")
    _see_painted(page, "dark", "NIFTY 50 · 15m")
    said = "\n".join(served.lines[before:])
    assert "Traceback" not in said
    assert "[error" not in said.lower()


def test_whoever_pauses_the_shared_day_gets_a_replay_of_it_that_is_still_mock(
    served: Served, chromium: Browser, watched: list[Watched]
):
    page = _sign_in(served, chromium, watched)
    _pause(page)
    still = _clock(page)
    other = _sign_in(served, chromium, watched)  # the shared desk went on
    began = _clock(other)
    expect(other.locator(".clock b").first).not_to_have_text(began)
    assert _clock(page) == still
    expect(page.locator(".mode")).to_have_text(re.compile("MOCK"))


def test_a_seek_in_the_generated_day_shows_what_the_store_says_of_that_moment(
    served: Served, chromium: Browser, watched: list[Watched]
):
    page = _sign_in(served, chromium, watched)
    _pause(page)
    _seek(page, "09:22:00")
    store = open_store(f"sqlite:///{served.home / 'tezi.sqlite'}")
    day = next(one.day for one in store.days() if one.source is Source.MOCK)
    expect(page.locator(".ix .p b").first).to_have_text(_index_price(store, day, "09:22"))
    store.close()


def test_a_section_is_explained_by_its_desk_and_the_catalogue_by_its_modules(
    served: Served, chromium: Browser, watched: list[Watched]
):
    page = _sign_in(served, chromium, watched)
    _pause(page)
    _seek(page, "09:26:00")
    page.locator("#card-supertrend").click()
    drawer = page.locator(".explain.float")
    expect(drawer.locator("table.states tbody tr").last).to_contain_text("09:20")
    expect(drawer.locator("table.inputs")).to_contain_text("NIFTY")
    expect(drawer.locator(".code pre")).to_contain_text('mock=True).at("09:25:05")')
    drawer.get_by_role("tab", name="Formula").click()
    expect(drawer).to_contain_text("Olivier Seban")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("c")
    expect(page.locator(".cat article")).to_have_count(18)


def _index_price(store: SqlStore, day: date, text: str) -> str:
    """Return NIFTY's last price at a time, from the ticks alone."""
    source = store.day(day).source
    stored = StoredDay(make_tools(store), day, source, growing=True)
    stored.load(lambda *_: None)
    at = datetime.combine(day, clock_time.fromisoformat(text), tzinfo=IST)
    pipeline, _ = stored.open(at)
    row = pipeline.universe.row(pipeline.universe.index("NIFTY"))
    return number(float(pipeline.state.rows["last_price"][row]))


@pytest.fixture(scope="module")
def recorded(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve the expiry day of 18 August 2026, from its files on."""
    home = tmp_path_factory.mktemp("recorded")
    store = open_store(f"sqlite:///{home / 'tezi.sqlite'}")
    import_bars(shared / "data/bars/nifty_index_1m_2026_dev.csv.gz", store)
    import_chain(shared / "data/options/nifty_chain_nse_1m_20260818.csv.gz", store)
    open_day("2026-08-18", store=store)  # prepared here, so that the page opens at once
    store.close()
    with serve(home, TEZI_MODE="replay") as server:
        server.sign_up(OWNER, PASSWORD)
        yield server


@pytest.mark.shared
def test_plays_is_sought_and_read(recorded: Served, chromium: Browser, watched: list[Watched]):
    page = _sign_in(recorded, chromium, watched)
    expect(page.locator(".mode")).to_have_text(re.compile("REPLAY"))
    expect(page.locator(".clock")).to_contain_text("Tue 18 Aug 2026")
    began = _clock(page)
    expect(page.locator(".clock b").first).not_to_have_text(began)
    _pause(page)
    _seek(page, "13:42:00")
    # the file: "2026-08-18 13:42:00" opens at 24,199.10
    expect(page.locator(".ix .p b").first).to_have_text("24,199.10")
    store = open_store(f"sqlite:///{recorded.home / 'tezi.sqlite'}")
    moment = open_day("2026-08-18", store=store).at("13:42")
    pcr = moment.reading("pcr", "NIFTY", "5m")
    store.close()
    card = page.locator(".card", has_text="Put-call ratio")
    expect(card).to_contain_text(number(pcr.values["pcr_oi"]))
    vwap = page.locator(".card", has_text="VWAP")
    expect(vwap).to_contain_text("No future volume in this recording")


@pytest.mark.shared
def test_an_index_that_is_not_recorded_has_no_candles_of_another(
    recorded: Served, chromium: Browser, watched: list[Watched]
):
    page = _sign_in(recorded, chromium, watched)
    _pause(page)
    expect(page.locator("[data-part=head]")).to_contain_text("NIFTY 50")
    page.get_by_role("button", name="BANKNIFTY", exact=True).first.click()
    empty = page.locator("[data-part=empty]")
    expect(empty).to_have_text("No BANKNIFTY in this recording")
    for part in ("head", "tag", "level"):
        expect(page.locator(f"[data-part={part}]")).to_have_count(0)
    page.get_by_role("button", name="NIFTY", exact=True).first.click()
    expect(page.locator("[data-part=head]")).to_contain_text("NIFTY 50")
    expect(empty).to_have_count(0)


@pytest.mark.shared
def test_is_stepped_with_the_keyboard(recorded: Served, chromium: Browser, watched: list[Watched]):
    page = _sign_in(recorded, chromium, watched)
    _pause(page)
    _seek(page, "13:42:00")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".clock b").first).to_have_text("13:45:05")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".clock b").first).to_have_text("13:40:05")


@pytest.mark.shared
def test_opens_at_the_moment_in_its_address(
    recorded: Served, chromium: Browser, watched: list[Watched]
):
    page = _sign_in(recorded, chromium, watched)
    page.goto(f"{recorded.base}/app?day=2026-08-17&at=11:30")
    expect(page.locator(".clock")).to_contain_text("Mon 17 Aug 2026")
    expect(page.locator(".clock b").first).to_have_text(re.compile("^11:3"))


@pytest.mark.shared
def test_a_phone_shows_it_without_scrolling_sideways(
    recorded: Served, chromium: Browser, watched: list[Watched]
):
    page = _sign_in(
        recorded,
        chromium,
        watched,
        viewport={"width": 390, "height": 844},
        is_mobile=True,
        has_touch=True,
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.shared
def test_signing_out_ends_the_page(recorded: Served, chromium: Browser, watched: list[Watched]):
    page = _sign_in(recorded, chromium, watched)
    page.locator(".av").first.click()
    page.get_by_text("Sign out").click()
    page.wait_for_url("**/login**")
    page.goto(f"{recorded.base}/app")
    expect(page).to_have_url(re.compile("/login"))
