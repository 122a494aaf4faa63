"""Look at the chart alone: `panel serve tests/ui/chart_preview.py`.

`?gap=yes` has a gap of eighteen minutes at 11:01 that was filled in part.
`?theme=light&until=11:00&timeframe=15m&word=MOCK&overlays=ema,orb` chooses what is shown;
the page's own buttons stream a bar, move the forming one, and so on.
"""

from dataclasses import replace

import panel as pn

from dashboard.ui.chart.candles import CandleChart
from tests.ui.chart_sample import GAP, OVERLAYS, SIGNALS, fill, make_chart


def asked(name: str, default: str) -> str:
    """Return one argument of the address."""
    return pn.state.session_args.get(name, [default.encode()])[0].decode()


def main() -> None:
    """Put one chart into the document, and buttons that a test can press."""
    pn.extension()
    overlays = tuple(asked("overlays", ",".join(OVERLAYS)).split(","))
    theme, timeframe = asked("theme", "dark"), asked("timeframe", "5m")
    chart = CandleChart(theme)
    gaps = (GAP,) if asked("gap", "") else ()
    at = {"minutes": int(asked("until", "13:45")[:2]) * 60 + int(asked("until", "13:45")[3:])}

    def show(moved: float = 0.0) -> None:
        until = f"{at['minutes'] // 60:02d}:{at['minutes'] % 60:02d}"
        view = make_chart(until, timeframe)
        assert view.forming is not None
        view = fill(view) if gaps else view
        assert view.forming is not None
        close = view.forming["close"] + moved
        view = replace(view, forming={**view.forming, "close": close})
        with pn.io.hold():
            chart.show(view, SIGNALS, overlays, asked("word", ""), gaps=gaps)

    def later(minutes: int) -> None:
        at["minutes"] += minutes
        show()

    buttons = {
        "bar": lambda event: later(5),
        "tick": lambda event: show(-6.0),
        "fit": lambda event: chart.fit(),
        "light": lambda event: chart.set_theme("light"),
        "quiet": lambda event: None,
    }
    bar = pn.Row(height=34)
    for name, act in buttons.items():
        button = pn.widgets.Button(name=name, width=60)
        button.on_click(act)
        bar.append(button)
    show()
    ground = {"dark": "#11151D", "light": "#FFFFFF"}[theme]
    chart_box = pn.Column(chart.pane, sizing_mode="stretch_both", styles={"background": ground})
    pn.Column(chart_box, bar, sizing_mode="stretch_both").servable()


main()
