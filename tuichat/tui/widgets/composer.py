"""Where one writes: one row when idle, as many as six when there is more to say."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable, Mapping
from typing import ClassVar

import msgspec
from rich.segment import Segment
from textual import events, work
from textual.document._document import Location
from textual.message import Message as WidgetMessage
from textual.strip import Strip
from textual.widgets import TextArea

from tuichat.tui.cluster_document import ClusterDocument, ClusterLine, ClusterNavigator
from tuichat.tui.clusters import cluster_end, countable, is_typed
from tuichat.tui.direction import MARK, turns
from tuichat.tui.input_history import InputHistory
from tuichat.tui.slash import Names, complete, slashed

MOST_ROWS = 6
PASTE_LINES = 5
"""A longer paste is asked about first."""

_DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def pasted_text(text: str) -> str:
    """What a paste may put into the input: no control characters and nothing that turns the direction."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
    return "".join(
        letter
        for letter in text
        if letter == "\n" or (unicodedata.category(letter) not in {"Cc", "Cs"} and letter not in _DIRECTIONS)
    )


class Composer(TextArea):
    """The input. It posts what was written, and the keys that mean something else than writing."""

    DEFAULT_CSS = """
    Composer, Composer:focus {
        height: 1; width: 1fr; border: none; padding: 0;
        background: $background; color: $foreground; scrollbar-size-vertical: 0;
    }
    Composer .text-area--placeholder { color: $muted; }
    Composer .text-area--cursor, Composer:dark .text-area--cursor, Composer:light .text-area--cursor {
        color: $foreground; background: $background; text-style: reverse;
    }
    """
    turning: ClassVar[frozenset[str]] = frozenset({"escape"})

    class Submitted(WidgetMessage):
        """Enter was pressed; `meant` is what the text was for then."""

        def __init__(self, text: str, meant: object) -> None:
            super().__init__()
            self.text = text
            self.meant = meant

    class PasteAsked(WidgetMessage):
        """A long text was pasted; it is not in the input yet."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class PathsPasted(WidgetMessage):
        """What was pasted, and is in the input now, may be the paths of files."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Scrolled(WidgetMessage):
        """The history should move, so many screens down."""

        def __init__(self, pages: int) -> None:
            super().__init__()
            self.pages = pages

    class Searching(WidgetMessage):
        """The search in earlier inputs looks for `part`; None when it is over."""

        def __init__(self, part: str | None) -> None:
            super().__init__()
            self.part = part

    class ChoosingAsked(WidgetMessage):
        """The reader wants to choose a message."""

    class FindAsked(WidgetMessage):
        """The reader wants to search the messages."""

    class SwitchAsked(WidgetMessage):
        """The reader wants another conversation."""

    def __init__(self, *, blink: bool, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id, compact=True, highlight_cursor_line=False, show_line_numbers=False)
        self.cursor_blink = blink
        self.names = Names()
        self.words: Callable[[], Mapping[str, tuple[str, ...]]] = dict
        """Gives what else than names Tab completes behind a command, as `Names.words`."""
        self.inputs = InputHistory()
        self.meant: object = None
        """What the text is for, to be told with it."""
        self.deaf = False
        """What is typed now is not meant for it, and is dropped."""
        self._search: tuple[str, int, str] | None = None
        self._completions: list[str] = []

    def on_mount(self) -> None:
        self.watch(self.screen, "stack_updates", self._screen_came_or_went, init=False)

    # Clusters: what is seen as one is stepped over, deleted and shown as the cursor's place as one.

    navigator: ClusterNavigator

    def _set_document(self, text: str, language: str | None) -> None:
        super()._set_document(text, language)
        self.wrapped_document = ClusterDocument(self.document)
        self.navigator = ClusterNavigator(self.wrapped_document)
        self._rewrap_and_refresh_virtual_size()

    def clamp_visitable(self, location: Location) -> Location:
        """The nearest location between two clusters, not before the given one."""
        line, column = super().clamp_visitable(location)
        return line, cluster_end(self.document[line], column)

    def get_line(self, line_index: int) -> ClusterLine:
        """A line as it is drawn."""
        return ClusterLine(countable(self.document.get_line(line_index)), end="", no_wrap=True)

    def _watch_has_focus(self, focus: bool) -> None:
        self._line_cache.clear()  # which does not look at the focus unless the cursor blinks
        super()._watch_has_focus(focus)

    @property
    def _draw_cursor(self) -> bool:
        return super()._draw_cursor and self.screen.is_active

    def _screen_came_or_went(self) -> None:
        """Another screen that stands before its own has the only cursor."""
        self._line_cache.clear()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """A row; if letters in it run from right to left, what stands beside the input does not."""
        strip = super().render_line(y)
        return Strip([*strip, Segment(MARK)], strip.cell_length) if turns(strip.text) else strip

    def get_cursor_word_left_location(self) -> Location:
        """Where the word before the cursor starts."""
        return self.navigator.word_left(self.cursor_location)

    def get_cursor_word_right_location(self) -> Location:
        """Where the word, or the signs, behind the cursor end."""
        return self.navigator.word_right(self.cursor_location, signs=True)

    def action_delete_word_right(self) -> None:
        """Delete what is selected, else up to the end of the next word."""
        start, end = self.selection
        self._delete_via_keyboard(
            start, self.navigator.word_right(end, signs=False) if self.selection.is_empty else end
        )

    def action_delete_to_start_of_line(self) -> None:
        """Delete up to the start of the line, in whichever of its rows the cursor is, as shells do."""
        line, column = self.selection.end
        if column:
            self._delete_via_keyboard((line, 0), (line, column))
        else:
            super().action_delete_to_start_of_line()

    async def action_delete_to_end_of_line_or_delete_line(self) -> None:
        """Delete up to the end of the line in the same way; at its end, what parts it from the next."""
        line, column = self.selection.end
        if column < (end := len(self.document[line])):
            self._delete_via_keyboard((line, column), (line, end))
        else:
            self.action_delete_right()

    def take(self, text: str) -> None:
        """Put `text` in place of what is there, the cursor at its end."""
        self.text = text
        self.move_cursor(self.document.end)
        self._fit()

    def begin(self, text: str) -> None:
        """As `take`; neither an arrow nor the end of a search brings back what was being written before."""
        self.inputs.to_end()
        if self._search is not None:
            self._end_search()
        self.take(text)

    @property
    def in_progress(self) -> str:
        """What is being written, though something from before may have been called back in its place."""
        return self.inputs.in_progress(self.text if self._search is None else self._search[2])

    def submit(self) -> None:
        """Hand the text over and be empty at once: letters typed behind Enter belong to the next text."""
        typed = self.text
        self.take("")
        self.post_message(self.Submitted(typed, self.meant))

    def give_back(self, text: str) -> None:
        """A text that was not taken stands before what was typed since."""
        self.take(text + self.text)

    def take_out(self, text: str) -> bool:
        """Take out a text that was pasted; whether it still was there."""
        before, found, behind = self.text.rpartition(text)
        if found:
            self.take(before + behind)
        return bool(found)

    def insert_paste(self, text: str) -> None:
        """Put in a pasted text that was asked about."""
        self.insert(pasted_text(text))

    async def _on_key(self, event: events.Key) -> None:
        if self.deaf:
            event.prevent_default()
            if event.is_printable or event.key in {"enter", "tab"}:
                event.stop()
            return
        handled = (self._search is not None and self._search_key(event)) or self._plain_key(event)
        if event.key != "tab":
            self._completions = []
        if not handled and event.key in self._bindings.key_to_bindings:
            # Left to bubble it would be done after letters that came behind it in the same read.
            for binding in self._bindings.key_to_bindings[event.key]:
                handled = await self.app.run_action(binding.action, self) or handled
        if handled:
            event.stop()
            event.prevent_default()

    def _plain_key(self, event: events.Key) -> bool:
        match event.key:
            case "enter":
                self.submit()
            case "ctrl+j":
                self.insert("\n")
            case "escape":
                self.post_message(self.ChoosingAsked())
            case "tab":
                self._complete()
            case "ctrl+r":
                self._search = ("", 0, self.text)
                self.post_message(self.Searching(""))
            case "ctrl+f":
                self.post_message(self.FindAsked())
            case "ctrl+k" if not self.text:
                self.post_message(self.SwitchAsked())
            case "up" if self.cursor_at_first_line and self._on_edge_row(first=True):
                self._recall(self.inputs.older(self.text))
            case "down" if self.cursor_at_last_line and self._on_edge_row(first=False):
                self._recall(self.inputs.newer())
            case _ if is_typed(event.character):
                self._replace_via_keyboard(event.character or "", *self.selection)
            case _:
                return False
        return True

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self.paste(event.text)

    def paste(self, pasted: str) -> None:
        """Put in what was pasted, after a question if it is long."""
        if self.deaf:
            return
        text = pasted_text(pasted)
        if text.count("\n") >= PASTE_LINES:
            self.post_message(self.PasteAsked(text))
            return
        alone = not self.text.startswith("/")  # behind /file a path is where it belongs
        self.insert(text)
        from tuichat.tui.paths import may_be_paths

        if alone and may_be_paths(text):
            self.post_message(self.PathsPasted(text))

    def action_cursor_page_up(self) -> None:
        """Page keys move the history: the input is too small to page in."""
        self.post_message(self.Scrolled(-1))

    def action_cursor_page_down(self) -> None:
        """As above."""
        self.post_message(self.Scrolled(1))

    def on_text_area_changed(self) -> None:
        first = self.document.get_line(0)
        if slashed(first) != first:
            self.replace("/", (0, 0), (0, 1))
        self._fit()

    def _rewrap_and_refresh_virtual_size(self) -> None:
        """Another width takes other rows."""
        super()._rewrap_and_refresh_virtual_size()
        self._fit()

    def _fit(self) -> None:
        rows = max(1, min(MOST_ROWS, self.wrapped_document.height))
        if self.styles.height is None or self.styles.height.value != rows:
            self.styles.height = rows

    def _on_edge_row(self, *, first: bool) -> bool:
        """Whether the cursor is on the first or last row as it is wrapped."""
        row = self.wrapped_document.location_to_offset(self.cursor_location).y
        return row == 0 if first else row == self.wrapped_document.height - 1

    def _recall(self, text: str | None) -> None:
        if text is not None:
            self.take(text)

    def _complete(self) -> None:
        """Complete what is before the cursor; again Tab goes on to the next possibility."""
        if not self._completions and self.text.lower().startswith("/file "):
            self._complete_path(self.text)
            return
        if not self._completions:
            names = msgspec.structs.replace(self.names, words=self.words())
            self._completions = complete(self.text, names)
        alone = len(self._completions) == 1
        self._next_completion()
        if alone:
            self._completions = []  # Tab once more goes on from there

    @work(exclusive=True, group="complete")
    async def _complete_path(self, line: str) -> None:
        """Look on the disk without waiting for it; whoever writes on meanwhile wants no completion."""
        from tuichat.tui.paths import complete_path

        found = await asyncio.to_thread(complete_path, line)
        if self.text == line and found:
            self._completions = found
            self._next_completion()
            if len(found) == 1:
                self._completions = []  # Tab once more goes on from there

    def _next_completion(self) -> None:
        if self._completions:
            first, *others = self._completions
            self._completions = [*others, first]
            self.take(first)

    def _search_key(self, event: events.Key) -> bool:
        """A key while earlier inputs are searched; False if it ends the search and means itself."""
        assert self._search is not None
        part, skip, before = self._search
        if event.key == "escape":
            self._end_search()
            self.take(before)
            return True
        if event.key == "ctrl+r":
            skip += 1
        elif event.key == "backspace":
            part, skip = part[:-1], 0
        elif event.character and (event.is_printable or is_typed(event.character)):
            part, skip = part + event.character, 0
        else:
            self._end_search()
            return event.key == "enter"
        found = self.inputs.search(part, skip) if part else None
        self._search = (part, skip if found else max(0, skip - 1), before)
        if found:
            self.take(found)
        self.post_message(self.Searching(part))
        return True

    def _end_search(self) -> None:
        self._search = None
        self.post_message(self.Searching(None))
