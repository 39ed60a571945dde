"""Everything about one person: address, link, safety number, and what can be done."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.containers import VerticalScroll
from textual.types import CSSPathType
from textual.widgets import Input, Static

from tuichat.errors import TuichatError
from tuichat.i18n import _
from tuichat.model import Contact, ContactEvent, ContactRemovedEvent, LinkStage, SafetyNumber
from tuichat.tui.context import Context
from tuichat.tui.qr import qr_text
from tuichat.tui.screens.confirm import Confirm
from tuichat.tui.screens.dialog import Dialog
from tuichat.tui.screens.memory import change_memory
from tuichat.tui.session import Happening
from tuichat.tui.widgets.field import Field
from tuichat.tui.words import cautions, error_text, key_sentence, link, stage_word
from tuichat.tui.wrapping import pad

_STAGES: tuple[LinkStage, ...] = ("descriptor", "rendezvous", "handshake")


class ContactCard(Dialog[None]):
    """Follows events while it is open."""

    CSS_PATH: ClassVar[CSSPathType | None] = ["dialog.tcss", "contact_card.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy", show=False),
        Binding("q", "toggle_qr", show=False),
        Binding("v", "verify", show=False),
        Binding("r", "rename", show=False),
        Binding("m", "memory", show=False),
        Binding("b", "block", show=False),
        Binding("x", "remove", show=False),
        Binding("t", "trust", show=False),
        Binding("k", "keep", show=False),
    ]

    def __init__(self, shared: Context, contact: int) -> None:
        super().__init__(shared.glyphs)
        self._shared = shared
        self._contact = contact
        self._number: SafetyNumber | None = None
        self._with_qr = False

    @property
    def person(self) -> Contact | None:
        """Whose card it is; None after they were removed."""
        return self._shared.session.known.people.get(self._contact)

    def compose(self) -> ComposeResult:
        """Facts, then keys."""
        keys = self._keys()
        short = self.app.size.height < 20
        with VerticalScroll(classes="box"):
            if short:
                yield Static(keys, classes="keys", markup=False)
            yield Static("", id="facts", markup=False)
            yield Static("", id="code", markup=False)
            yield Field(id="new-name", compact=True)
            yield Static("", classes="problem", markup=False)
            if not short:
                yield Static(keys, classes="keys", markup=False)

    def _keys(self) -> str:
        keys = _(
            "c copy address   q QR code   v verify\nr rename   m memory   b block   x remove   Esc close"
        )
        if self.person is not None and self.person.key_changed:
            return _("t trust the new key   k keep the old one") + "\n" + keys
        return keys

    def on_mount(self) -> None:
        self.query_one("#new-name").display = False
        self.query_one("#code").display = False
        self.query_one(".problem").display = False
        self._show()
        self._load_number()

    def happened(self, happening: Happening) -> None:
        """Something changed: show it anew, or close if the person is gone."""
        if isinstance(happening, ContactRemovedEvent) and happening.contact == self._contact:
            self.dismiss(None)
        else:
            if isinstance(happening, ContactEvent) and happening.contact.id == self._contact:
                self._load_number()
            self._show()

    def action_copy(self) -> None:
        """Copy the address."""
        if self.person is not None:
            self.app.copy_to_clipboard(self.person.address)
            self._say(_("The address is in the clipboard, if your terminal allows that (OSC 52)."))

    def action_toggle_qr(self) -> None:
        """The QR code, or not."""
        code = self.query_one("#code", Static)
        if self.person is None:
            return
        if self.glyphs.ascii_only:
            self._say(_("This terminal cannot draw a QR code."))
            return
        code.display = not code.display
        self.query_one("#facts").display = not code.display
        code.update(qr_text(self.person.address))

    def action_rename(self) -> None:
        """Ask for another name."""
        field = self.query_one("#new-name", Input)
        field.display = True
        field.value = self.person.name if self.person else ""
        field.focus()

    def action_close(self) -> None:
        """Esc leaves the name first, then the card."""
        field = self.query_one("#new-name", Input)
        if field.display:
            field.display = False
            self.set_focus(None)
        else:
            self.dismiss(None)

    @on(Input.Submitted)
    @work(exclusive=True)
    async def _rename(self, event: Input.Submitted) -> None:
        name = event.value.strip()
        person = self.person
        if name and person is not None and name != person.name:
            try:
                await self._shared.session.node.contact_rename(person.address, name)
            except TuichatError as error:
                self._say(error_text(error))
                return
        self.action_close()

    @work(exclusive=True)
    async def action_verify(self) -> None:
        """Ask whether both see the same number."""
        person, number = self.person, self._number
        if person is None or number is None:
            return
        if person.key_changed:
            self._say(_("Decide first which key is the right one: t or k."))
            return
        question = _(
            "Compare this number with {name}, face to face or by voice, never in writing:\n\n{number}\n\n"
            "Do both of you see the same?"
        )
        text = question.format(name=person.name, number=grouped(number.digits, 30))
        keys = _("y  yes, mark as verified   n  no")
        if await self.app.push_screen_wait(Confirm(text, keys, self.glyphs, danger=True)):
            await self._try(_("Verified."), person, number.digits)

    @work(exclusive=True)
    async def action_trust(self) -> None:
        """Put the other key in place of the one known here, after a question that shows its number."""
        person, number = self.person, self._number
        if person is None or not person.key_changed or number is None or not number.changed_digits:
            return
        question = _(
            "Trust the new key of {name}? Ask them first, face to face or by voice, whether they see:\n\n"
            "{number}\n\nThe old key is forgotten, and the new one is not verified yet."
        )
        text = question.format(name=person.name, number=grouped(number.changed_digits, 30))
        keys = _("y  trust the new key   n  no")
        if await self.app.push_screen_wait(Confirm(text, keys, self.glyphs, danger=True)):
            done = _("The new key is trusted. v verifies it.")
            await self._decide(person, number.changed_digits, done, accept=True)

    @work(exclusive=True)
    async def action_keep(self) -> None:
        """Leave the key known here in its place, and refuse the other from now on."""
        person, number = self.person, self._number
        if person is not None and person.key_changed and number is not None:
            done = _("The old key stays. The other one is refused from now on.")
            await self._decide(person, number.changed_digits, done, accept=False)

    async def _decide(self, person: Contact, shown: str, done: str, *, accept: bool) -> None:
        """Only about the key whose number was shown: yet another one may have come meanwhile."""
        node = self._shared.session.node
        try:
            self._number = await node.contact_verify(person.address)
            if self._number.changed_digits == shown:
                await node.contact_trust(person.address, accept=accept)
                self._number = await node.contact_verify(person.address)
            else:
                done = _("The key changed meanwhile. Nothing was done; look again.")
        except TuichatError as error:
            done = error_text(error)
        self._say(done)
        self._show()

    @work(exclusive=True)
    async def action_block(self) -> None:
        """Block after a question."""
        person = self.person
        if person is None:
            return
        question = _("Block {name}? They learn nothing; messages that wait for them are not sent.")
        keys = _("y  block   n  no")
        confirm = Confirm(question.format(name=person.name), keys, self.glyphs, danger=True)
        if await self.app.push_screen_wait(confirm):
            try:
                await self._shared.session.node.contact_block(person.address)
            except TuichatError as error:
                self._say(error_text(error))
            else:
                self.dismiss(None)

    @work(exclusive=True)
    async def action_remove(self) -> None:
        """Remove after a question."""
        person = self.person
        if person is None:
            return
        question = _("Remove {name}? Their keys, the whole history and what waits are deleted here for good.")
        keys = _("y  remove   n  no")
        confirm = Confirm(question.format(name=person.name), keys, self.glyphs, danger=True)
        if await self.app.push_screen_wait(confirm):
            try:
                await self._shared.session.node.contact_remove(person.address)
            except TuichatError as error:
                self._say(error_text(error))

    @work(exclusive=True)
    async def action_memory(self) -> None:
        """Keep what is said in memory only, after a question, or on disk again."""
        person = self.person
        if person is not None:
            wanted = not person.conversation.memory
            try:
                self._say(await change_memory(self.app, self._shared, person, wanted=wanted))
            except TuichatError as error:
                self._say(error_text(error))

    async def _try(self, done: str, person: Contact, digits: str) -> None:
        try:
            self._number = await self._shared.session.node.contact_verify(person.address, digits)
        except TuichatError as error:
            self._say(error_text(error))
        else:
            self._say(done)
            self._show()

    @work(exclusive=True, group="number")
    async def _load_number(self) -> None:
        if self.person is not None:
            try:
                self._number = await self._shared.session.node.contact_verify(self.person.address)
            except TuichatError as error:
                self._say(error_text(error))
            self._show()

    def _show(self) -> None:
        person = self.person
        if person is not None and self.query("#facts"):  # nothing is there before it is composed
            self.query_one("#facts", Static).update(self._facts(person))
            self.query_one(".keys", Static).update(self._keys())

    def _facts(self, person: Contact) -> Text:
        glyphs = self.glyphs
        text = Text(person.name, "bold")
        danger = Style(bold=False, color=Color.parse(self.app.theme_variables["danger"]).rich_color)
        if person.suggested_name not in {"", person.name}:
            called = _("calls themselves {name}").format(name=glyphs.quoted(person.suggested_name))
            text.append(f"   ({called})", "not bold")
        verified = f"{glyphs.verified} {_('verified')}" if person.verified else _("not verified")
        if person.key_changed:
            text.append(f"\n\n{glyphs.failed} {key_sentence()}", danger)
        else:
            text.append(f"   {verified}", "not bold")
        for caution in cautions(person):
            text.append(f"\n{glyphs.failed} {caution}", danger)
        beside = self.app.size.width >= 72
        for label, value in (
            (_("address"), person.address),
            (_("link"), self._link(person)),
            *self._numbers(30 if not beside else 40),
            *kept_rows(person),
        ):
            rows = value.split("\n")
            head = pad(label, 10) if beside else f"{label}\n"
            indent = " " * 10 if beside else ""
            text.append(f"\n\n{head}", "not bold dim")
            text.append(f"\n{indent}".join(rows), "not bold")
        return text

    def _numbers(self, width: int) -> list[tuple[str, str]]:
        """The safety number; both, if the address showed another key."""
        number = self._number
        if number is None:
            return [(_("safety"), "...")]
        if not number.changed_digits:
            return [(_("safety"), grouped(number.digits, width))]
        known = grouped(number.digits, width) if number.digits else _("none known")
        return [(_("old key"), known), (_("new key"), grouped(number.changed_digits, width))]

    def _link(self, person: Contact) -> str:
        """The stages one after the other, those behind us ticked."""
        if person.stage in _STAGES:
            here = _STAGES.index(person.stage)
            ticks = [self.glyphs.sent if index < here else self.glyphs.ellipsis for index in range(here + 1)]
            return "  ".join(
                f"{stage_word(stage)} {tick}" for stage, tick in zip(_STAGES, ticks, strict=False)
            )
        words = link(person, self.glyphs)[1]
        retry_at = self._shared.session.known.retry_at.get(person.id)
        if person.stage == "waiting" and retry_at is not None:
            next_try = _("next try at {time}").format(time=self._shared.calendar().time(retry_at))
            return f"{words}, {next_try}"
        return words

    def _say(self, text: str) -> None:
        problem = self.query_one(".problem", Static)
        problem.display = True
        problem.update(Text(text))


def grouped(digits: str, width: int) -> str:
    """Sixty digits in groups of five, as many a row as fit into `width` cells and divide them evenly."""
    groups = [digits[at : at + 5] for at in range(0, len(digits), 5)]
    a_row = 6 if width >= 35 else 4
    return "\n".join(" ".join(groups[at : at + a_row]) for at in range(0, len(groups), a_row))


def kept_rows(person: Contact) -> list[tuple[str, str]]:
    """The tags, and how the conversation is kept; nothing if there is nothing to say."""
    kept, rows = person.conversation, []
    if person.tags:
        rows.append((_("tags"), " ".join(f"#{tag}" for tag in person.tags)))
    words = {_("pinned"): kept.pinned, _("muted"): kept.muted, _("archived"): kept.archived}
    words[_("in memory only")] = kept.memory
    if any(words.values()):
        rows.append((_("kept"), ", ".join(word for word, is_so in words.items() if is_so)))
    return rows
