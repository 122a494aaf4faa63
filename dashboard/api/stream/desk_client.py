"""A client of /ws/desk: documents by topic, each told when it changed."""

from collections.abc import Mapping
from typing import Any

from dashboard.api.stream.client import Action, Client
from dashboard.api.stream.codes import Fault
from dashboard.api.stream.fanout import Fanout
from dashboard.api.stream.limits import TOPICS
from dashboard.api.stream.topics import WHERE, Topic, find_topic
from dashboard.api.stream.view import View
from dashboard.api.stream.wishes import listed


class DeskClient(Client):
    """Remember the topics, and of each the paper that was told last."""

    path = "/ws/desk"

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.topics: dict[str, Topic] = {}
        self._told: dict[str, bytes] = {}

    def actions(self) -> Mapping[str, Action]:
        """Return what its messages may ask for."""
        return {"subscribe": self._subscribe, "unsubscribe": self._unsubscribe}

    def wake(self, *, ticked: bool) -> None:
        """Look at the desk's view, whether or not prices came: its clock is told too."""
        if self.topics or ticked:
            super().wake(ticked=True)

    def forget_seen(self) -> None:
        """Take it that nothing was told."""
        self._told.clear()

    def move(self, fanout: Fanout) -> None:
        """Go over to another desk, with all that is looked at there."""
        if fanout is not self.fanout:
            self._look_away(self.fanout)
            super().move(fanout)
            self._look(fanout)

    def close(self) -> None:
        """Have nothing made for this client any more."""
        self._look_away(self.fanout)
        self.topics.clear()

    async def tell(self, fanout: Fanout, view: View) -> None:
        """Send the papers that changed."""
        for name, topic in list(self.topics.items()):
            paper = fanout.papers.paper(view, topic)
            if paper is not None and paper.digest != self._told.get(name):
                self._told[name] = paper.digest
                await self.socket.send(fanout.papers.frame(view, topic, paper, self.form))

    async def _subscribe(self, message: dict[str, Any]) -> None:
        names = listed(message, WHERE)
        await self.go_to_desk(message)
        view = await self.open_view()
        fresh = {topic.name: topic for topic in (find_topic(name, view) for name in names)}
        if len(self.topics | fresh) > TOPICS:
            raise Fault("limit", f"At most {TOPICS} topics", WHERE)
        async with self.socket.lock:
            await self.socket.send(
                self.form.write(
                    {"type": "subscribed", "topics": list(fresh), "id": message.get("id")}
                )
            )
            for name, topic in fresh.items():
                self._told.pop(name, None)
                if name not in self.topics:
                    self.topics[name] = topic
                    self._look_at(self.fanout, topic)
        self._hurry()

    async def _unsubscribe(self, message: dict[str, Any]) -> None:
        names = [name for name in listed(message, WHERE) if isinstance(name, str)]
        for name in names:
            topic = self.topics.pop(name, None)
            self._told.pop(name, None)
            if topic is not None and topic.interest is not None:
                self.fanout.look_away(topic.interest)
        await self._send({"type": "unsubscribed", "topics": names, "id": message.get("id")})

    def _look(self, fanout: Fanout) -> None:
        for topic in self.topics.values():
            self._look_at(fanout, topic)

    def _look_at(self, fanout: Fanout, topic: Topic) -> None:
        if topic.interest is not None:
            fanout.look(topic.interest)

    def _look_away(self, fanout: Fanout) -> None:
        for topic in self.topics.values():
            if topic.interest is not None:
                fanout.look_away(topic.interest)
