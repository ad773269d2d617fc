"""A sliding window over streamed text: nothing leaves before it was scanned together with what stands around it."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from scangate.gateway.model_proxy.events import Event
from scangate.gateway.model_proxy.texts import Fragment, Shape
from scangate.gateway.verdicts import Ruling

FIRST_STEP: Final = 120
STEP: Final = 400
"""Characters that are gathered before they are scanned, at first and later."""
LOOK_BACK: Final = 1200
"""Characters before the new ones that are scanned again with them: what spans two steps is seen whole."""
HOLD: Final = 160
"""Characters at the end that wait for what follows: a secret or a sentence may only have begun."""
CALL_MOST: Final = 1_000_000

Judge = Callable[[Fragment, str], Awaitable[Ruling]]
"""Rules on a text of the channel that the fragment names."""


class RefusedError(Exception):
    """A text was refused; `reason` is what the client is told."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class _Channel:
    fragment: Fragment
    text: str = ""
    passed: str = ""
    """What was released, masked where it had to be; as long as the text it stands for."""
    safe: int = 0
    """Length of the start of `text` that may leave."""
    seen: int = 0
    """Length of the start of `text` that was scanned."""

    @property
    def step(self) -> int:
        return STEP if self.seen else FIRST_STEP


@dataclass(slots=True)
class _Held:
    event: Event
    channel: str | None = None
    start: int = 0
    end: int = 0
    put: Callable[[str], None] | None = None


@dataclass(slots=True)
class Window:
    """Events of one stream, held until their text is judged. One task uses it."""

    shape: Shape
    judge: Judge
    held: deque[_Held] = field(default_factory=deque)
    channels: dict[str, _Channel] = field(default_factory=dict)
    finished: dict[str, str] = field(default_factory=dict)
    """Whole texts that were masked, to what stands for them: later events repeat them."""

    async def push(self, event: Event) -> list[bytes]:
        """Takes an event up; what may leave now.

        Raises:
            RefusedError: a text is refused; nothing more may leave.
        """
        found = self.shape.fragment(event.document) if event.document is not None else None
        if found is None:
            self.held.append(_Held(event))
        else:
            fragment, put = found
            channel = self.channels.setdefault(fragment.channel, _Channel(fragment))
            start = len(channel.text)
            channel.text += fragment.text
            if len(channel.text) > CALL_MOST and fragment.is_call:
                raise RefusedError("a tool's arguments are too long to be scanned")
            self.held.append(_Held(event, fragment.channel, start, len(channel.text), put))
            if not channel.fragment.is_call and len(channel.text) - channel.seen >= channel.step:
                await self._scan(channel, whole=False)
        ended = self.shape.ends(event.document) if event.document is not None else None
        if ended is not None:
            for name in ended or tuple(self.channels):
                if name in self.channels:
                    await self._scan(self.channels[name], whole=True)
        return list(self._released())

    async def pause(self) -> list[bytes]:
        """The stream rests: what waits is scanned, so that a slow model's text is seen while it comes. Raises as `push` does."""
        for channel in self.channels.values():
            if not channel.fragment.is_call:
                await self._scan(channel, whole=False)
        return list(self._released())

    async def finish(self) -> list[bytes]:
        """The stream is over: everything that is left. Raises as `push` does."""
        for channel in self.channels.values():
            await self._scan(channel, whole=True)
        return list(self._released())

    async def _scan(self, channel: _Channel, *, whole: bool) -> None:
        if channel.seen < len(channel.text):
            first = 0 if channel.fragment.is_call else max(0, channel.seen - LOOK_BACK)
            text = channel.text[first:]
            ruling = await self.judge(channel.fragment, text)
            if not ruling.allowed:
                raise RefusedError(ruling.reason)
            if ruling.masked is not None and len(ruling.masked) == len(text):
                # what has left stays; masks have the length of what they cover
                channel.passed = channel.passed[: channel.safe] + ruling.masked[channel.safe - first :]
            else:
                channel.passed = channel.passed[: channel.safe] + channel.text[channel.safe :]
            channel.seen = len(channel.text)
        channel.safe = max(channel.safe, channel.seen if whole else channel.seen - HOLD)
        if whole and channel.passed != channel.text:
            self.finished[channel.text] = channel.passed

    def _released(self) -> Iterator[bytes]:
        while self.held:
            head = self.held[0]
            if head.channel is not None:
                channel = self.channels[head.channel]
                if head.end > channel.safe:
                    return
                new = channel.passed[head.start : head.end]
                if new != channel.text[head.start : head.end] and head.put is not None:
                    head.put(new)
                    yield head.event.encoded()
                    self.held.popleft()
                    continue
            elif self.finished and head.event.document is not None and _repeats(head.event.document, self.finished):
                yield head.event.encoded()
                self.held.popleft()
                continue
            yield head.event.raw
            self.held.popleft()


def _repeats(document: object, finished: dict[str, str]) -> bool:
    """Replaces masked texts wherever a document repeats them whole; whether it did."""
    changed = False
    if isinstance(document, dict | list):
        pairs = list(document.items()) if isinstance(document, dict) else list(enumerate(document))
        for key, value in pairs:
            if isinstance(value, str):
                if value in finished:
                    document[key] = finished[value]
                    changed = True
            elif _repeats(value, finished):
                changed = True
    return changed
