"""The contact card: who somebody is, how the link stands, how what is said is kept, what can be done."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar, Final, Literal

from rich.text import Text
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.types import CSSPathType
from textual.widgets import Input, Static

from tuichat.errors import TuichatError, UsageError
from tuichat.i18n import _
from tuichat.model import Contact, ContactEvent, ContactRemovedEvent
from tuichat.timer_words import parse_timer, short_time
from tuichat.tui.card_rows import CardRow, card_rows, lines, place_of
from tuichat.tui.clipboard import copied_words
from tuichat.tui.context import Context
from tuichat.tui.link_times import STAGES, short_seconds
from tuichat.tui.link_words import stage_sentence
from tuichat.tui.screens.card_deeds import CardDeeds
from tuichat.tui.screens.memory import change_memory
from tuichat.tui.session import Happening
from tuichat.tui.typed_ahead import ANSWER
from tuichat.tui.widgets.field import Field
from tuichat.tui.widgets.keys_line import KeysLine
from tuichat.tui.widgets.pick_list import PickList
from tuichat.tui.widgets.qr_code import QrCode
from tuichat.tui.words import error_text, link, stage_word
from tuichat.tui.wrapping import wrap, wrap_whole

LOW: Final = 20
"""In a window of fewer rows nothing stands empty."""

_WIDEST: Final = 72
_TICK_SECONDS: Final = 1.0

Asked = Literal["name", "timer", "retention", "tags"]


class ContactCard(CardDeeds):
    """Follows events while it is open. Every row has a key; the cursor and Enter, or a click, do the same."""

    CSS_PATH: ClassVar[CSSPathType | None] = ["dialog.tcss", "contact_card.tcss"]
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "step(-1)", show=False),
        Binding("down", "step(1)", show=False),
        Binding("pageup,home", "step(-100)", show=False),
        Binding("pagedown,end", "step(100)", show=False),
        Binding("enter", "press", show=False),
        Binding("c", "copy", show=False),
        Binding("q", "toggle_qr", show=False),
        Binding("v", "verify", show=False),
        Binding("r", "ask('name')", show=False),
        Binding("t", "timer", show=False),
        Binding("d", "ask('retention')", show=False),
        Binding("m", "mute", show=False),
        Binding("o", "memory", show=False),
        Binding("p", "pin", show=False),
        Binding("a", "archive", show=False),
        Binding("g", "ask('tags')", show=False),
        Binding("b", "block", show=False),
        Binding("x", "remove", show=False),
        Binding("s", "keep", show=False),
    ]

    def __init__(self, shared: Context, contact: int) -> None:
        super().__init__(shared, contact)
        self._rows: list[CardRow] = []
        self._cursor = 0
        self._asked: Asked = "name"
        self._keys: list[str] = []

    def compose(self) -> ComposeResult:
        """The rows, or the code in their place; a field where something is asked; what was said."""
        with Vertical(classes="box"):
            yield PickList(self.glyphs, id="facts")
            yield QrCode(id="code")
            yield Static("", id="asked", markup=False)
            yield Field(id="answer", compact=True)
            yield Static("", classes="problem", markup=False)
            yield KeysLine("", classes="keys")

    def on_mount(self) -> None:
        for part in ("#code", "#asked", "#answer", ".problem"):
            self.query_one(part).display = False
        self.set_interval(_TICK_SECONDS, self._tick)
        self.load_number()

    def on_resize(self) -> None:
        self.set_class(self.app.size.height < LOW, "-low")
        self._keys = wrap_whole((_("Up Down Enter, or its key"), _("Esc close")), self._width)
        self.query_one(".keys", KeysLine).update(Text("\n".join(self._keys)))
        self.show()
        self.call_after_refresh(self.show)  # what changes while all is placed keeps its old height

    def happened(self, happening: Happening) -> None:
        """Something changed: show it anew, or close if the person is gone."""
        if isinstance(happening, ContactRemovedEvent) and happening.contact == self._contact:
            while self.app.screen is not self:  # a question about them goes first
                self.app.screen.dismiss(None)
            self.dismiss(None)
        else:
            if isinstance(happening, ContactEvent) and happening.contact.id == self._contact:
                self.load_number()
            self.show()

    def _tick(self) -> None:
        """The seconds of a link that is on its way."""
        if self.person is not None and self.person.stage in STAGES:
            self.show()

    # Moving.

    def action_step(self, step: int) -> None:
        """Another row about which something can be done."""
        keyed = [index for index, row in enumerate(self._rows) if row.key]
        if keyed and not self._is_asking:
            here = keyed.index(self._cursor) if self._cursor in keyed else 0
            self._cursor = keyed[max(0, min(len(keyed) - 1, here + step))]
            self.show()

    async def action_press(self) -> None:
        """Do what the key of the row under the cursor does."""
        if self._rows and not self._is_asking:
            await self._press(self._rows[self._cursor].key)

    @on(PickList.Picked)
    async def _picked(self, event: PickList.Picked) -> None:
        if self._rows[event.item].key and not self._is_asking:
            self._cursor = event.item
            self.show()
            await self._press(self._rows[event.item].key)

    @on(PickList.Wheeled)
    def _wheeled(self, event: PickList.Wheeled) -> None:
        self.action_step(event.rows)

    async def _press(self, key: str) -> None:
        for binding in self._bindings.key_to_bindings.get(key, ()):
            await self.run_action(binding.action)

    def on_click(self, event: events.Click) -> None:
        """The code goes at a click."""
        if event.widget is self.query_one("#code"):
            self.action_toggle_qr()

    # What can be done about oneself's view of them; the rest is in `CardDeeds`.

    def action_copy(self) -> None:
        """Copy the address."""
        if self.person is not None:
            self.app.copy_to_clipboard(self.person.address)
            self.say(copied_words())

    def action_toggle_qr(self) -> None:
        """The QR code, or not."""
        code = self.query_one("#code", QrCode)
        if self.person is None:
            return
        if self.glyphs.ascii_only:
            self.say(_("This terminal cannot draw a QR code."))
            return
        code.display = not code.display
        self.query_one("#facts").display = not code.display
        code.show(self.person.address)

    def action_timer(self) -> None:
        """The timer; while another key waits for a decision, that it is trusted."""
        if self.person is not None and self.person.key_changed:
            self.action_trust()
        else:
            self.action_ask("timer")

    @work(exclusive=True)
    async def action_mute(self) -> None:
        """Mute, or undo it."""
        if (person := self.person) is not None:
            muted = not person.conversation.muted
            await self._set(person, _("Muted.") if muted else _("Not muted any more."), muted=muted)

    @work(exclusive=True)
    async def action_pin(self) -> None:
        """Pin, or undo it."""
        if (person := self.person) is not None:
            pinned = not person.conversation.pinned
            await self._set(person, _("Pinned.") if pinned else _("Not pinned any more."), pinned=pinned)

    @work(exclusive=True)
    async def action_archive(self) -> None:
        """Archive, or list again."""
        if (person := self.person) is not None:
            archived = not person.conversation.archived
            done = _("Archived. /archived lists it.") if archived else _("Listed again.")
            await self._set(person, done, archived=archived)

    async def _set(
        self,
        person: Contact,
        done: str,
        *,
        muted: bool | None = None,
        pinned: bool | None = None,
        archived: bool | None = None,
    ) -> None:
        node = self._shared.session.node
        await self.attempt(node.conversation_set(person.address, muted, pinned, archived), done)

    @work(exclusive=True)
    async def action_memory(self) -> None:
        """Keep what is said in memory only, after a question, or on disk again."""
        person = self.person
        if person is not None:
            wanted = not person.conversation.memory
            try:
                self.say(await change_memory(self.app, self._shared, person, wanted=wanted))
            except TuichatError as error:
                self.say(error_text(error))

    # Asking for words.

    @property
    def _is_asking(self) -> bool:
        return self.query_one("#answer").display

    def action_ask(self, what: Asked) -> None:
        """Ask for a name, a length of time or tags."""
        if self.person is None:
            return
        self._asked = what
        key = {"name": "r", "timer": "t", "retention": "d", "tags": "g"}[what]
        self._cursor = next(index for index, row in enumerate(self._rows) if row.key == key)
        question, now = self._question(what, self.person)
        self.query_one("#asked", Static).update(Text(question))
        self.query_one("#asked").display = True
        field = self.query_one("#answer", Input)
        field.display = True
        field.value = now
        field.focus()
        self.say("")

    def _question(self, what: Asked, person: Contact) -> tuple[str, str]:
        kept = person.conversation
        if what == "name":
            return _("Another name for them, here alone:"), person.name
        if what == "timer":
            now = short_time(kept.timer) if kept.timer else "off"
            return _("Disappear on both sides after, such as 1h or 7d, or off:"), now
        if what == "retention":
            now = "" if kept.retention is None else short_time(kept.retention) if kept.retention else "off"
            return _("Delete here after, such as 90d, or off; nothing is as the settings say:"), now
        return _("Tags, with spaces between them:"), " ".join(person.tags)

    def action_close(self) -> None:
        """Esc leaves the field or the code first, then the card."""
        if self._is_asking:
            self._end_asking()
        elif self.query_one("#code").display:
            self.action_toggle_qr()
        else:
            self.dismiss(None)

    def _end_asking(self) -> None:
        for part in ("#asked", "#answer"):
            self.query_one(part).display = False
        self.set_focus(None)
        self.show()

    @on(Input.Submitted)
    @work(exclusive=True, group=ANSWER)
    async def _answered(self, event: Input.Submitted) -> None:
        event.stop()
        person = self.person
        if person is None:
            return
        try:
            await self._take(self._asked, person, event.value.strip())
        except TuichatError as error:
            self.say(error_text(error))
        else:
            self._end_asking()

    async def _take(self, what: Asked, person: Contact, answer: str) -> None:
        node, address = self._shared.session.node, person.address
        if what == "name":
            if answer and answer != person.name:
                await node.contact_rename(address, answer)
        elif what == "timer":
            await node.conversation_timer(address, parse_timer(answer))
        elif what == "retention":
            await node.conversation_retention(address, parse_timer(answer) if answer else None)
        else:
            await self._tag(person, [word.lstrip("#") for word in answer.split()])

    async def _tag(self, person: Contact, tags: list[str]) -> None:
        if not all(tags):
            raise UsageError(_("A tag needs letters."))
        node, wanted = self._shared.session.node, {tag.casefold() for tag in tags}
        if added := [tag for tag in tags if tag.casefold() not in person.tags]:
            await node.contact_tag(person.address, added)
        if gone := [tag for tag in person.tags if tag.casefold() not in wanted]:
            await node.contact_untag(person.address, gone)

    # What is shown.

    @property
    def _width(self) -> int:
        return min(_WIDEST, self.app.size.width) - 4

    def show(self) -> None:
        """Draw what is known now."""
        person = self.person
        if person is None or not self.query("#facts"):  # nothing is there before it is composed
            return
        here = self._rows[self._cursor] if self._rows else None
        self._rows = card_rows(person, self._number, self._link(person), self._width)
        self._cursor = place_of(here, self._rows, self._cursor)
        facts = self.query_one("#facts", PickList)
        made = lines(person, self._rows, self._width, self.glyphs)
        facts.styles.height = max(3, min(len(made), self.app.size.height - self._around()))
        facts.show(made, self._cursor)

    def _around(self) -> int:
        """The rows that are not the facts'."""
        rows = 2 + len(self._keys) + (0 if self.has_class("-low") else 1)
        for part in ("#asked", ".problem"):
            widget = self.query_one(part, Static)
            if widget.display:
                rows += len(wrap(str(widget.render()), self._width))
        return rows + int(self._is_asking)

    def _link(self, person: Contact) -> tuple[str, str]:
        """The stages one after the other, those behind us ticked; and how long it takes or took."""
        times = self._shared.session.known.link_times
        now = datetime.fromtimestamp(self._shared.clock.now(), tz=UTC)
        seconds = times.seconds(person.id, now)
        took = "" if seconds is None else short_seconds(seconds)
        if person.stage in STAGES:
            here = STAGES.index(person.stage)
            ticks = [self.glyphs.sent if index < here else self.glyphs.ellipsis for index in range(here + 1)]
            words = (f"{stage_word(stage)} {tick}" for stage, tick in zip(STAGES, ticks, strict=False))
            return "  ".join(words) + f"\n{stage_sentence(person.stage)}", took
        words_now, calendar = link(person, self.glyphs)[1], self._shared.calendar()
        linked_at, retry_at = times.linked_at(person.id), self._shared.session.known.retry_at.get(person.id)
        if person.stage == "linked" and linked_at is not None:
            since = _("since {time}").format(time=calendar.time(linked_at))
            return f"{words_now} {since}", _("after {time}").format(time=took) if took else ""
        if person.stage == "waiting" and retry_at is not None:
            next_try = _("next try at {time}").format(time=calendar.time(retry_at))
            return f"{words_now}, {next_try}\n{stage_sentence(person.stage)}", ""
        return words_now, ""

    def say(self, text: str) -> None:
        """Say what was done or why not."""
        problem = self.query_one(".problem", Static)
        problem.display = bool(text)
        problem.update(Text(text))
        self.show()
