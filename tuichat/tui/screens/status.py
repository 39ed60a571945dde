"""How one stands: tor, whether others reach us, each link and its stage, what waits; and what that means."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import ClassVar, Final

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.containers import VerticalScroll
from textual.types import CSSPathType
from textual.widgets import Static

from tuichat.i18n import _, ngettext
from tuichat.model import Contact
from tuichat.tui.context import Context
from tuichat.tui.direction import isolated_parts
from tuichat.tui.link_times import STAGES, short_seconds
from tuichat.tui.link_words import service_sentence, stage_sentence
from tuichat.tui.screens.dialog import Dialog
from tuichat.tui.session import Happening
from tuichat.tui.widgets.keys_line import KeysLine
from tuichat.tui.words import link, problem_sentence, reachability, stage_word, tor_progress
from tuichat.tui.wrapping import pad, wrap, wrap_whole

_TICK_SECONDS: Final = 1.0
_LABEL: Final = 11
_BAR: Final = 16
_WIDEST: Final = 72

Row = tuple[str, str, str]
"""A label, the role of what stands behind it, and that."""


class StatusScreen(Dialog[None]):
    """Follows what happens while it is open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "close", show=False),
        Binding("a", "go('address')", show=False),
        Binding("f", "go('files')", show=False),
        Binding("b", "go('bridges')", show=False),
    ]
    CSS_PATH: ClassVar[CSSPathType | None] = ["dialog.tcss"]

    def __init__(self, shared: Context) -> None:
        super().__init__(shared.glyphs)
        self._shared = shared

    def compose(self) -> ComposeResult:
        """All of it on one page."""
        with VerticalScroll(classes="box") as box:
            box.border_title = _("Status")
            yield Static(self._text(), id="standing", markup=False)
            yield KeysLine(self._keys(), classes="keys")

    def on_mount(self) -> None:
        self.set_interval(_TICK_SECONDS, self._show)

    def on_resize(self) -> None:
        self.query_one(KeysLine).update(self._keys())
        self.call_after_refresh(self._show)  # a text that changes while all is placed keeps its old height

    def recolour(self) -> None:
        """In the colours of another theme."""
        self._show()

    def _keys(self) -> str:
        keys = (_("a your address"), _("f files"), _("b bridges"), _("Esc close"))
        return "\n".join(wrap_whole(keys, self._width))

    def happened(self, happening: Happening) -> None:
        """Something changed."""
        if self.query(KeysLine):
            self._show()

    def action_go(self, command: str) -> None:
        """To another page."""
        self.dismiss(None)
        self.app.call_later(self.app.run_command, command)  # type: ignore[attr-defined]

    @property
    def _width(self) -> int:
        return min(_WIDEST, self.app.size.width) - 5

    def _show(self) -> None:
        self.query_one("#standing", Static).update(self._text())

    def _text(self) -> Text:
        text = Text()
        for label, role, words in self._rows():
            rows = wrap(words, self._width - _LABEL) or [""]
            for index, row in enumerate(rows):
                text.append(pad("" if index else label, _LABEL), self._style("muted"))
                text.append(isolated_parts(row) + "\n", self._style(role))
        text.append("\n" + _("How a link comes about") + "\n", self._style("title"))
        for stage in (*STAGES, "linked"):
            for index, row in enumerate(wrap(stage_sentence(stage), self._width - _LABEL)):
                text.append(pad("" if index else stage_word(stage), _LABEL), self._style("strong"))
                text.append(row + "\n", self._style("muted"))
        text.right_crop(1)
        return text

    def _rows(self) -> Iterator[Row]:
        known, glyphs = self._shared.session.known, self.glyphs
        if not self._shared.session.connected:
            yield _("node"), "danger", _("not there; /connect looks for it")
            return
        tor = known.tor
        bar = f"{glyphs.bar(tor.bootstrap, _BAR)} {tor.bootstrap}%  {tor_progress(tor)}"
        yield "tor", "linked" if tor.bootstrap >= 100 else "waiting", bar
        if problem := problem_sentence(tor, "b"):
            yield "", "danger", problem
        role, words = reachability(tor, known.service, glyphs)
        said = _("{what}: {meaning}").format(what=words, meaning=service_sentence(known.service))
        yield _("reachable"), role, said
        yield from self._people_rows()
        queued = known.queued()
        waits = ngettext("{count} message", "{count} messages", queued).format(count=queued)
        waits += _("; what waits leaves when you are both online, while tuichat runs") if queued else ""
        yield _("waiting"), "waiting" if queued else "text", waits if queued else _("nothing")
        moving = known.files.moving()[0]
        yield (
            _("files"),
            "text",
            _("{count} on their way").format(count=moving) if moving else _("none moves"),
        )

    def _people_rows(self) -> Iterator[Row]:
        people = self._shared.session.known.conversations()
        if not people:
            yield _("people"), "muted", _("nobody yet; /add asks somebody whose address you have")
            return
        linked = sum(person.stage == "linked" for person in people)
        yield (
            _("people"),
            "text",
            _("{linked} of {count} linked").format(linked=linked, count=len(people)),
        )
        for person in people:
            role, words = link(person, self.glyphs)
            yield "", role, f"{words}  {person.name}{self._behind(person)}"

    def _behind(self, person: Contact) -> str:
        """How long a link is on its way, or when it is tried again."""
        known, now = self._shared.session.known, self._shared.clock.now()
        seconds = known.link_times.seconds(person.id, datetime.fromtimestamp(now, tz=UTC))
        if person.stage in STAGES and seconds is not None:
            return f"  {short_seconds(seconds)}"
        retry_at = known.retry_at.get(person.id)
        if person.stage == "waiting" and retry_at is not None:
            return "  " + _("next try at {time}").format(time=self._shared.calendar().time(retry_at))
        return ""

    def _style(self, role: str) -> Style:
        names = {"text": "foreground", "strong": "foreground", "title": "accent"}
        colour = Color.parse(self.app.theme_variables[names.get(role, role)]).rich_color
        return Style(bold=role in {"strong", "title", "danger"}, color=colour)
