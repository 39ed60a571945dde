"""The signs of the interface, and their twins for terminals that show ASCII only, or little more."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from tuichat.tui.terminal import is_console


class Glyphs(msgspec.Struct, frozen=True):
    """One sign for each thing that has one; none of them is the only carrier of its meaning."""

    linked: str = "●"
    connecting: str = "◍"
    unreachable: str = "◌"
    queued: str = "⏳"
    sent: str = "✓"
    delivered: str = "✓✓"
    failed: str = "✗"
    verified: str = "✓"
    horizontal: str = "─"
    vertical: str = "│"
    tee_down: str = "┬"
    tee_up: str = "┴"
    chosen: str = "▌"
    back: str = "‹"
    prompt: str = ">"
    done: str = "▓"
    undone: str = "░"
    incoming: str = "↓"
    outgoing: str = "↑"
    transfers: str = "⇅"
    resting: str = "‖"
    ended: str = "–"
    pinned: str = "▴"
    muted: str = "⊘"
    memory: str = "▿"
    times: str = "×"
    ellipsis: str = "…"
    open_quote: str = "“"
    close_quote: str = "”"
    ascii_only: bool = False

    def waiting(self, count: int) -> str:
        """The sign for `count` queued messages."""
        return f"({count})" if self.ascii_only else f"{self.queued}{count}"

    def bar(self, percent: int, width: int) -> str:
        """A bar of `width` cells that is `percent` full."""
        full = max(0, min(width, percent * width // 100))
        return self.done * full + self.undone * (width - full)

    def quoted(self, text: str) -> str:
        """`text` between quotation marks: what somebody else said."""
        return f"{self.open_quote}{text}{self.close_quote}"


UNICODE = Glyphs()
ASCII = Glyphs(
    linked="*",
    connecting=":",
    unreachable="o",
    queued="..",
    sent="+",
    delivered="++",
    failed="!",
    verified="+",
    horizontal="-",
    vertical="|",
    tee_down="+",
    tee_up="+",
    chosen=">",
    back="<",
    prompt=">",
    done="#",
    undone=".",
    incoming="v",
    outgoing="^",
    transfers="v^",
    resting="=",
    ended="-",
    pinned="^",
    muted="m",
    memory="~",
    times="x",
    ellipsis="...",
    open_quote='"',
    close_quote='"',
    ascii_only=True,
)
CONSOLE = msgspec.structs.replace(
    ASCII,
    horizontal="─",
    vertical="│",
    tee_down="┬",
    tee_up="┴",
    done="█",
    undone="░",
    incoming="↓",
    outgoing="↑",
    transfers="↓↑",
    pinned="▲",
    linked="•",
)
"""What the fonts of the Linux console have: the kernel's own, which is code page 437, and those of Debian's
console-setup. Half blocks, ticks and pictures are not in the latter."""


def glyphs_for(encoding: str, environment: Mapping[str, str]) -> Glyphs:
    """The signs that a terminal can show to which text goes in this encoding."""
    if encoding.lower().replace("-", "") != "utf8":
        return ASCII
    return CONSOLE if is_console(environment) else UNICODE
