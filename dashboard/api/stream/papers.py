"""Topics' documents: each made and written once a snapshot, for all who read it."""

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson

from dashboard.api.replies import dumps
from dashboard.api.stream.forms import MSGPACK, Form, Payload, pack
from dashboard.api.stream.topics import Topic
from dashboard.api.stream.view import View


@dataclass(frozen=True, slots=True)
class Paper:
    """A document as JSON, and what tells whether its news differ from another's."""

    digest: bytes
    raw: bytes


class PaperBoard:
    """The papers of a desk's latest view. Used on the server's loop alone."""

    def __init__(self) -> None:
        self._view: View | None = None
        self._papers: dict[str, Paper | None] = {}
        self._frames: dict[tuple[str, Form], Payload] = {}
        self.made = 0

    def paper(self, view: View, topic: Topic) -> Paper | None:
        """Return a topic's paper, None where the desk has nothing of it yet."""
        if view is not self._view:
            self._view = view
            self._papers.clear()
            self._frames.clear()
        if topic.name not in self._papers:
            self._papers[topic.name] = self._write(topic, topic.document(view))
        return self._papers[topic.name]

    def frame(self, view: View, topic: Topic, paper: Paper, form: Form) -> Payload:
        """Return the frame that brings a paper."""
        key = topic.name, form
        if key not in self._frames:
            self._frames[key] = form_frame(view.seq, topic.name, paper, form)
        return self._frames[key]

    def _write(self, topic: Topic, document: Any) -> Paper | None:
        if document is None:
            return None
        self.made += 1
        raw, news = dumps(document), topic.news(document)
        told = raw if news is document else dumps(news)
        return Paper(hashlib.blake2b(told, digest_size=12).digest(), raw)


def form_frame(seq: int, topic: str, paper: Paper, form: Form) -> Payload:
    """Return a frame of type desk; Arrow has none, its clients get JSON texts."""
    head = {"type": "desk", "seq": seq, "topic": topic}
    if form.format == MSGPACK:
        return form.seal(pack(head | {"data": orjson.loads(paper.raw)}))
    raw = b'%s,"data":%s}' % (dumps(head)[:-1], paper.raw)
    return Form(compression=form.compression).seal(raw)
