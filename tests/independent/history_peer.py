"""What one side sees of both people's messages once it has taken in edits, unsends and reactions (Deeds),
and after how long texts and files disappear (Timers).

Left out are the bounds of what waits: this reader keeps every deed until its message comes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.independent.envelope_peer import Body, Edit, Opaque, Reaction, Text, Timer, Unsend

EMOJI_MOST = 20
REVISIONS, LOOK_BACK = 2**53 - 1, 2**40


@dataclass
class Shown:
    text: str
    unsent: bool = False
    reactions: set[tuple[bool, str]] = field(default_factory=set)  # whether it is mine, and the emoji


class PeerHistory:
    """Attributes: `shown`, by whether a message is mine and by its id; `timer`, in seconds, 0 for off, and
    its `revision`.
    """

    def __init__(self) -> None:
        self.shown: dict[tuple[bool, bytes], Shown] = {}
        self.timer = 0
        self.revision = 0
        self._waiting: list[tuple[bool, Edit | Unsend | Reaction]] = []

    def take(self, body: Body | Opaque, *, mine: bool) -> None:
        """A body of mine that I say, or one of theirs in the order of S6."""
        if isinstance(body, Text):
            self.shown[mine, body.id] = Shown(body.text)
            due = [each for each in self._waiting if each[0] is mine and each[1].target == body.id]
            self._waiting = [each for each in self._waiting if each not in due]
            for author, deed in due:
                self._do(deed, author)
        elif isinstance(body, Timer):
            self.shown[mine, body.id] = Shown("")
            if body.revision == self.revision:
                self.timer = min(self.timer, body.seconds, key=lambda seconds: seconds or 2**64)
            elif self._is_later(body.revision):
                self.timer, self.revision = body.seconds, body.revision
        elif isinstance(body, Edit | Unsend | Reaction):
            self._do(body, mine)

    def _is_later(self, revision: int) -> bool:
        return self.revision == 0 or (self.revision - revision) % REVISIONS > LOOK_BACK

    def next_revision(self, now: int) -> int:
        """Of the timer that I set now, in Unix seconds."""
        return now if self._is_later(now) else self.revision % REVISIONS + 1

    def _do(self, deed: Edit | Unsend | Reaction, author: bool) -> None:
        owners = (not author, author) if isinstance(deed, Reaction) else (author,)
        found = [self.shown[owner, deed.target] for owner in owners if (owner, deed.target) in self.shown]
        if not found:
            self._waiting.append((author, deed))
        elif not found[0].unsent:
            self._change(found[0], deed, author)

    def _change(self, message: Shown, deed: Edit | Unsend | Reaction, author: bool) -> None:
        match deed:
            case Edit():
                message.text = deed.text
            case Unsend():
                message.text, message.unsent = "", True
                message.reactions.clear()
            case Reaction():
                own = [emoji for by_me, emoji in message.reactions if by_me is author]
                if deed.given and len(own) < EMOJI_MOST:
                    message.reactions.add((author, deed.emoji))
                elif not deed.given:
                    message.reactions.discard((author, deed.emoji))
