"""What is being written in each conversation: kept by the node, and the same in every front end.

Whoever is typing wins: what comes from elsewhere takes the place of a text only if nothing was typed here
since the two were the same. A line that is a command is not kept by the node: behind `/add` may stand an
invite.
"""

from __future__ import annotations

from collections.abc import Iterable

from tuichat.model import MAX_DRAFT_BYTES, Draft


class Drafts:
    """One front end's. `writer` is the name by which it knows its own events.

    Attributes:
        contact: to whom is being written; None if to nobody.
        text: what stands in the input.
        typed: it was changed here since it came from the node.
    """

    def __init__(self, writer: str) -> None:
        self.contact: int | None = None
        self.text = ""
        self._writer = writer
        self._kept: dict[int, str] = {}
        self._left: dict[int, str] = {}
        self._before: dict[int, str] = {}
        self.typed = False

    def load(self, drafts: Iterable[Draft]) -> str | None:
        """What the node keeps, read anew; another text for the input, None if it stays.

        It stays where the node has none: one that was begun anew may never have had it.
        """
        found = {draft.contact: draft.text for draft in drafts}
        before, self._kept = self._kept, found
        self._left = {
            contact: text for contact, text in self._left.items() if text != before.get(contact, "")
        }
        if self.contact is None or not found.get(self.contact):
            return None
        return self._taken(found[self.contact], before.get(self.contact, ""))

    def forget(self) -> None:
        """Nothing is known of a locked profile."""
        self.contact, self.text, self.typed = None, "", False
        self._kept.clear()
        self._left.clear()
        self._before.clear()

    def kept(self, contact: int) -> str:
        """What the node has of it."""
        return self._kept.get(contact, "")

    def open(self, contact: int | None) -> str:
        """Turn to another conversation: the text for the input."""
        if self.contact is not None and self.text != self._kept.get(self.contact, ""):
            self._left[self.contact] = self.text
        self.contact = contact
        self.typed = False
        self.text = "" if contact is None else self._left.pop(contact, self._kept.get(contact, ""))
        return self.text

    def written(self, text: str) -> None:
        """The input holds `text` now."""
        self.typed = self.typed or text not in ("", self.text)
        self.text = text

    def elsewhere(self, draft: Draft, writer: str) -> tuple[str | None, bool]:
        """A draft as the node tells it.

        Returns:
            Another text for the input, None if it stays; and whether that takes the place of what was typed
            both here and there.
        """
        if writer == self._writer:
            if self._left.get(draft.contact) == draft.text:
                self._kept[draft.contact] = self._left.pop(draft.contact)
            return None, False
        before = self._kept.get(draft.contact, "")
        self._kept[draft.contact] = draft.text
        if draft.contact != self.contact:
            if self._left.get(draft.contact) == before:
                self._left.pop(draft.contact)
            return None, False
        both = self.typed and bool(draft.text)
        taken = self._taken(draft.text, before)
        return taken, taken is not None and both

    def _taken(self, text: str, before: str) -> str | None:
        """`text` for the input, if what stands there is still what the node had `before`."""
        if self.text != before or text == before:
            return None
        self.text = text
        self.typed = False
        return text

    def due(self) -> Draft | None:
        """What the node is to be told, once; None if it has it."""
        contact, text = self.contact, _keepable(self.text)
        if contact is None or text == self._kept.get(contact, ""):
            return None
        self._before[contact] = self._kept.get(contact, "")
        self._kept[contact] = text
        return Draft(contact=contact, text=text)

    def not_told(self, draft: Draft) -> None:
        """The node may not have what was `due`: it is so again."""
        if self._kept.get(draft.contact) == draft.text:
            self._kept[draft.contact] = self._before.get(draft.contact, "")

    def give_back(self, contact: int, text: str) -> Draft:
        """A text was not taken, and is a draft again where another conversation is open: for the node."""
        self._left[contact] = text + self._left.get(contact, self._kept.get(contact, ""))
        return Draft(contact=contact, text=_keepable(self._left[contact]))

    def erased(self, contact: int) -> None:
        """Nothing that was written to this contact is to come back."""
        self._left.pop(contact, None)
        self._kept.pop(contact, None)
        self._before.pop(contact, None)


def _keepable(text: str) -> str:
    """What of the input may be kept."""
    is_command = text.startswith("/") and not text.startswith("//")
    return "" if is_command or len(text.encode(errors="replace")) > MAX_DRAFT_BYTES else text
