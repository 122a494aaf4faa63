"""What Prometheus reads: the shared desk's counters, and how many requests came to what.

Counters of the desk are read when somebody asks for them; nothing is counted twice.
"""

from collections.abc import Callable, Iterable, Iterator, MutableMapping

from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.api.parts import ApiParts
from dashboard.core.health import DOWN, FLOWING, LATE, OFF
from dashboard.pipeline.snapshot import Snapshot

STATES = (FLOWING, LATE, DOWN, OFF)
OTHER = "other"  # requests of no route: their paths are anybody's choice

Gauges = MutableMapping[str, Callable[[], float]]


class DeskCollector(Collector):
    """Read the shared desk at each scrape."""

    def __init__(self, parts: ApiParts, gauges: Gauges) -> None:
        self._parts, self._gauges = parts, gauges

    def describe(self) -> Iterable[Metric]:
        """Return nothing: what there is depends on the desk."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield what the shared desk counts, and what others have handed in."""
        desks = self._parts.room.desks
        yield GaugeMetricFamily("tezi_replays", "Replays that are open", len(desks.replays))
        shared = desks.shared
        latest = shared.hub.latest if shared else None
        if shared is not None and latest is not None:
            messages = shared.pipeline.messages if shared.pipeline else 0
            yield from _of_desk(latest, messages)
        for name, read in sorted(self._gauges.items()):
            yield GaugeMetricFamily(f"tezi_{name}", f"{name.replace('_', ' ')}, now", read())


def _of_desk(snapshot: Snapshot, messages: int) -> Iterator[Metric]:
    yield CounterMetricFamily("tezi_messages", "Messages of the shared desk's day", messages)
    yield CounterMetricFamily("tezi_ticks", "Ticks of the shared desk's day", snapshot.ticks)
    caught = CounterMetricFamily(
        "tezi_hygiene", "Ticks that a rule of hygiene caught", labels=["rule"]
    )
    for rule, count in sorted(snapshot.counters.items()):
        caught.add_metric([rule], count)
    yield caught
    yield GaugeMetricFamily("tezi_snapshot_seq", "Number of the latest snapshot", snapshot.seq)
    if snapshot.feed_age_s is not None:
        words = "Seconds since the last message, by the desk's clock"
        yield GaugeMetricFamily("tezi_feed_age_seconds", words, snapshot.feed_age_s)
    ages = GaugeMetricFamily(
        "tezi_stage_age_seconds", "Age of a step's last event", labels=["stage"]
    )
    states = GaugeMetricFamily(
        "tezi_stage_state", "1 for the state that a step is in", labels=["stage", "state"]
    )
    for stage in snapshot.stages:
        if stage.age_s is not None:
            ages.add_metric([stage.name], stage.age_s)
        for state in STATES:
            states.add_metric([stage.name, state], float(stage.state == state))
    yield ages
    yield states


class CountRequests:
    """Count answers by route, method and status."""

    def __init__(self, app: ASGIApp, counter: Counter) -> None:
        self._app, self._counter = app, counter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, and count what the answer's status is."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                path = getattr(scope.get("route"), "path", OTHER)
                method = scope["method"] if path != OTHER else OTHER
                self._counter.labels(path, method, message["status"]).inc()
            await send(message)

        await self._app(scope, receive, counted)


def install(app: FastAPI, parts: ApiParts) -> None:
    """Count requests of `app`, and keep what ``/metrics`` reads.

    Who has something to tell puts a function into ``app.state.gauges``, by a name in
    Prometheus's spelling.
    """
    registry = CollectorRegistry()
    gauges: Gauges = {}
    app.state.gauges, app.state.metrics = gauges, registry
    registry.register(DeskCollector(parts, gauges))
    counter = Counter(
        "tezi_requests", "Answers of the API", ["route", "method", "status"], registry=registry
    )
    app.add_middleware(CountRequests, counter=counter)
