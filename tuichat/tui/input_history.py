"""What was sent before, to be called back with the arrow keys or searched."""

from __future__ import annotations

KEPT = 500
"""How many inputs are remembered."""


class InputHistory:
    """A line of earlier inputs and a place in it; the input in progress is kept at its end."""

    def __init__(self) -> None:
        self._entries: list[str] = []
        self._place = 0
        self._draft = ""

    def add(self, text: str) -> None:
        """Remember `text` as the newest input and go back to the end."""
        if text.strip() and (not self._entries or self._entries[-1] != text):
            self._entries.append(text)
            del self._entries[:-KEPT]
        self.to_end()

    def in_progress(self, current: str) -> str:
        """The text that is being written while `current` is in the input: not what was only called back."""
        called_back = self._place < len(self._entries) and self._entries[self._place] == current
        return self._draft if called_back and self._draft and self._draft[0] != "/" else current

    def forget(self, text: str) -> None:
        """It can be called back no more."""
        self._entries = [entry for entry in self._entries if entry != text]
        self.to_end()

    def to_end(self) -> None:
        """Go back to the end: what was in progress is done."""
        self._place = len(self._entries)
        self._draft = ""

    def learn(self, text: str) -> None:
        """Another front end's newest input; the place in the line stays."""
        if self._entries and self._entries[-1] == text:
            return
        at_end = self._place == len(self._entries)
        self._entries.append(text)
        surplus = max(0, len(self._entries) - KEPT)
        del self._entries[:surplus]
        self._place = len(self._entries) if at_end else max(0, self._place - surplus)

    def load(self, texts: list[str]) -> None:
        """Other inputs in place of these, oldest first."""
        self._entries = texts[-KEPT:]
        self._place = len(self._entries)

    def older(self, current: str) -> str | None:
        """The input before the present place; None at the beginning."""
        if self._place == 0:
            return None
        if self._place == len(self._entries):
            self._draft = current
        self._place -= 1
        return self._entries[self._place]

    def newer(self) -> str | None:
        """The input after the present place, at last the one that was in progress; None at the end."""
        if self._place >= len(self._entries):
            return None
        self._place += 1
        return self._draft if self._place == len(self._entries) else self._entries[self._place]

    def search(self, part: str, skip: int = 0) -> str | None:
        """The newest input that contains `part`, passing over the first `skip` matches."""
        wanted = part.casefold()
        seen: set[str] = set()
        for entry in reversed(self._entries):
            if wanted in entry.casefold() and entry not in seen:
                if len(seen) == skip:
                    return entry
                seen.add(entry)
        return None
