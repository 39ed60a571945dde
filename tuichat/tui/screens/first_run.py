"""The first start: a passphrase, a name, and then one's own address."""

from __future__ import annotations

from typing import ClassVar, Literal

from rich.text import Text
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.message import Message as WidgetMessage
from textual.screen import Screen
from textual.widgets import Input, Static

from tuichat.errors import TuichatError
from tuichat.i18n import _
from tuichat.model import TorEvent
from tuichat.tui.addresses import looks_like_address
from tuichat.tui.clipboard import copied_words
from tuichat.tui.context import Context, CreateProfile
from tuichat.tui.qr import qr_text
from tuichat.tui.session import Connected, Happening, Lost
from tuichat.tui.widgets.field import Field
from tuichat.tui.widgets.keys_line import KeysLine
from tuichat.tui.words import (
    blocked_sentence,
    error_text,
    not_found_text,
    problem_sentence,
    tor_progress,
)
from tuichat.tui.wrapping import wrap_whole

TOR_PATIENCE_SECONDS = 30.0
"""Nothing is said about a slow tor before."""

Step = Literal["passphrase", "again", "name", "making", "address"]


class FirstRun(Screen[str]):
    """Gives what the person wants next: "add", "invite", an address or invite that was pasted, or ""."""

    CSS_PATH = "first_run.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (70, "-wide")]  # noqa: RUF012 -- as Textual declares it
    VERTICAL_BREAKPOINTS = [(0, "-short"), (24, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "finish('add')", show=False),
        Binding("i", "finish('invite')", show=False),
        Binding("b", "bridges", show=False),
        Binding("c", "copy", show=False),
        Binding("enter", "finish('')", show=False),
    ]

    class Created(WidgetMessage):
        """The profile exists; its node should be attached to. `sealed`: a passphrase opens it."""

        def __init__(self, *, sealed: bool) -> None:
            super().__init__()
            self.sealed = sealed

    def __init__(self, shared: Context, create: CreateProfile) -> None:
        super().__init__()
        self._shared = shared
        self._create = create
        self._step: Step = "passphrase"
        self._passphrase = ""
        self._warned = False
        self._slow = False
        self._failed = False

    @property
    def opens_profile(self) -> bool:
        """Whether the passphrase is still at hand: once the address is shown it is forgotten."""
        return self._step != "address"

    def compose(self) -> ComposeResult:
        """One column; the code stands beside it where there is room."""
        with VerticalScroll(id="first-run", can_focus=False):
            yield Static("tuichat", id="heading", classes="strong", markup=False)
            yield Static(
                _("No server and no account: what you write goes straight to the other person, through Tor."),
                id="intro",
                markup=False,
            )
            yield Static("", id="question", markup=False)
            yield Field(id="answer", compact=True)
            yield Static("", id="remark", markup=False)
            with Horizontal(id="result"):
                yield Static("", id="code", markup=False)
                with VerticalScroll(id="beside", can_focus=False):
                    yield Static("", id="address", markup=False)
                    yield Static("", id="tor", markup=False)
                    yield Static(_("Next: paste a friend's address or invite."), id="advice", markup=False)
                    yield KeysLine(self._next_keys(), id="next")
            yield KeysLine("", id="next-row")

    @staticmethod
    def _next_keys() -> str:
        invite = _("i  make an invite: works once, shows strangers nothing")
        return "\n".join([_("c  copy"), invite, _("a  add someone"), _("Enter  go on")])

    def on_mount(self) -> None:
        self.query_one("#result").display = False
        self._ask_passphrase()

    def on_resize(self) -> None:
        self._show_keys()

    def happened(self, happening: Happening) -> None:
        """The node of the new profile answers, or tor gets on."""
        match happening:
            case Connected():
                self._opened()
            case Lost(reason="failed", error=error):
                self._give_up(not_found_text(error))
            case TorEvent() if self._step == "address":
                self._show_tor()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        value = event.value
        event.input.value = ""
        if self._step == "passphrase":
            self._passphrase_given(value)
        elif self._step == "again":
            self._passphrase_repeated(value)
        elif self._step == "name":
            self._make(value.strip())
        elif self._failed:
            self._try_again()

    def _passphrase_given(self, value: str) -> None:
        if value:
            self._passphrase = value
            self._question("again", _("The same passphrase again"))
        elif self._warned:
            self._ask_name()
        else:
            self._warned = True
            self._remark(
                _(
                    "Enter again goes on without a passphrase. Contacts, messages and the key that is your "
                    "identity then lie open on this disk."
                )
            )

    def _passphrase_repeated(self, value: str) -> None:
        if value == self._passphrase:
            self._ask_name()
        else:
            self._passphrase = ""
            self._ask_passphrase()
            self._remark(_("The two were not the same. Please choose it again."))

    def _ask_passphrase(self) -> None:
        self._question(
            "passphrase",
            _(
                "A passphrase locks everything kept here; without one, whoever gets at this disk reads it. "
                "Nothing brings a forgotten one back: choose one that you will remember. Enter alone goes on "
                "without."
            ),
        )

    def _ask_name(self) -> None:
        self._question("name", _("The name you suggest to people you ask. Enter skips it."))

    def _question(self, step: Step, text: str) -> None:
        self._step = step
        self._warned = False
        field = self.query_one("#answer", Input)
        field.password = step in {"passphrase", "again"}
        field.placeholder = _("Passphrase") if field.password else _("Name")
        field.focus()
        self._show_step()
        self.query_one("#question", Static).update(text)
        self._remark("")

    def _show_step(self) -> None:
        number = {"name": 2, "making": 2, "address": 3}.get(self._step, 1)
        heading = _("tuichat: step {number} of {all}").format(number=number, all=3)
        self.query_one("#heading", Static).update(heading)
        self.query_one("#intro").display = number == 1
        self._show_keys()

    def _show_keys(self) -> None:
        keys = [_("Enter go on"), _("Ctrl+Q quit")]
        if self._step == "address":
            keys = [_("c copy"), _("i invite"), _("a add someone"), _("Enter go on")]
        rows = wrap_whole(keys, self.size.width - 4, "  ")
        self.query_one("#next-row", KeysLine).update("\n".join(rows))

    @work(exclusive=True)
    async def _make(self, name: str) -> None:
        self._step = "making"
        self._remark(_("Making your keys..."))
        try:
            await self._create(name or None, self._passphrase or None)
        except TuichatError as error:
            self._ask_name()
            self._remark(error_text(error))
        else:
            self.post_message(self.Created(sealed=bool(self._passphrase)))

    def _give_up(self, reason: str) -> None:
        """The profile is made, but there is no node to open it."""
        if self._step != "making":
            self._remark(reason)
            return
        self._failed = True
        self._remark(_("{reason} Enter tries it again.").format(reason=reason))

    def _try_again(self) -> None:
        self._failed = False
        self._remark(_("Looking for your node..."))
        if self._shared.session.connected:
            self._opened()
        else:
            self.post_message(self.Created(sealed=bool(self._passphrase)))

    @work(exclusive=True)
    async def _opened(self) -> None:
        """Open the new profile, show its address, and start tor."""
        session = self._shared.session
        try:
            if session.locked:
                await session.node.unlock(self._passphrase)
            self._passphrase = ""
            await session.load()
            self._show_address()
            await session.node.go_online()
        except TuichatError as error:
            self._give_up(error_text(error))

    def _show_address(self) -> None:
        self._step = "address"
        address = self._shared.session.known.address
        self._remark("")
        field = self.query_one("#answer")
        field.display = False
        field.disabled = True  # hidden, it would still have the keys again behind the dialog about bridges
        self.query_one("#result").display = True
        self.set_focus(None)
        self._show_step()
        self.query_one("#question", Static).update(
            _("Your address. Give it to people you want to hear from.")
        )
        if not self._shared.glyphs.ascii_only:
            self.query_one("#code", Static).update(qr_text(address))
        self.query_one("#address", Static).update(Text(address, "bold"))
        self.add_class("-made")
        self._show_tor()
        self.set_timer(TOR_PATIENCE_SECONDS, self._patience_over)

    def _patience_over(self) -> None:
        self._slow = True
        self._show_tor()

    def _show_tor(self) -> None:
        tor = self._shared.session.known.tor
        bar = self._shared.glyphs.bar(tor.bootstrap, 16)
        has_none = tor.problem in ("missing", "too_old")  # and nothing is on its way
        progress = _("Tor: {progress}").format(progress=f"{bar} {tor.bootstrap}%")
        lines = [] if has_none else [progress, tor_progress(tor)]
        trouble = problem_sentence(tor, "b")
        if not trouble and self._slow and tor.bootstrap < 100:
            trouble = blocked_sentence("b")
        self.query_one("#tor", Static).update(Text("\n".join([*lines, *([trouble] if trouble else [])])))

    @work(exclusive=True, group="bridges")
    async def action_bridges(self) -> None:
        """Bridges, for who is told that Tor may be blocked."""
        if self._step == "address":
            from tuichat.tui.bridge_words import bridges_used
            from tuichat.tui.screens.bridges import Bridges

            if await self.app.push_screen_wait(Bridges(self._shared)):
                self._slow = False
                self.set_timer(TOR_PATIENCE_SECONDS, self._patience_over)
                self._remark(bridges_used())
                self._show_tor()

    def action_copy(self) -> None:
        """Copy the address."""
        if self._step == "address":
            self.app.copy_to_clipboard(self._shared.session.known.address)
            self._remark(copied_words())

    def action_finish(self, following: str) -> None:
        """Go on to the main screen, and do something there."""
        if self._step == "address":
            self.dismiss(following)

    def on_paste(self, event: events.Paste) -> None:
        """A friend's address, perhaps."""
        if self._step != "address":
            return
        event.stop()
        if looks_like_address(event.text):
            self.dismiss("".join(event.text.split()))
        else:
            self._remark(_("That is neither an address nor an invite."))

    def _remark(self, text: str) -> None:
        remark = self.query_one("#remark", Static)
        remark.display = bool(text)
        remark.update(Text(text))
