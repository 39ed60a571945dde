"""The pictures of the pages, drawn by the interface itself.

python -m tests.support.screen_pictures     draws all of docs/pictures anew
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from tests.support.fixed_clock import FixedClock
from tests.support.interface import interface, settle
from tests.support.memory_node import MemoryNode
from tests.support.speaking import speaking
from tests.support.svg_screen import portable
from tuichat.tui.app import TuichatApp

PICTURES: Final = Path(__file__).parents[2] / "docs" / "pictures"


class Picture(msgspec.Struct, frozen=True):
    """One picture: what is shown, after which keys, in a window of which size."""

    app: Callable[[], TuichatApp]
    keys: tuple[str, ...] = ()
    size: tuple[int, int] = (80, 24)
    language: str = "en"


def _talk() -> MemoryNode:
    """People, and a conversation with something of everything in it."""
    clock = FixedClock()
    node = MemoryNode.sample(clock, node="detached", files=True)
    clock.advance(86_400)
    node.incoming("bob", "did you get the second draft?")
    node.outgoing("bob", "yes, 第三页有图表，看起来不错 👍", state="read")
    return node


def _chinese_talk() -> MemoryNode:
    """The same in Chinese."""
    clock = FixedClock()
    node = MemoryNode(clock, node="detached")
    node.person("小明", stage="linked", verified=True)
    node.person("小红", stage="waiting", suggested_name="红红")
    node.person("老王", state="requested")
    node.person("李四", state="pending", request_text="在集市上见过")
    node.set_tor(bootstrap=100, summary="Done", running=True)
    node.set_service(published=True, reachable=True)
    node.incoming("小明", "晚上一起吃面吗？🍜")
    node.outgoing("小明", "好，七点", state="read")
    clock.advance(1_900)
    node.incoming("小明", "草稿收到了吗？第三页有图表。")
    node.outgoing("小明", "正在看 👀", state="delivered")
    node.outgoing("小红", "回来打电话给我", state="queued")
    return node


def _first_run() -> TuichatApp:
    node = MemoryNode(FixedClock(), node="detached")
    node.set_tor(bootstrap=75, running=True)

    async def create(_name: str | None, _passphrase: str | None) -> None:
        return

    return interface(node, create_profile=create)


_MADE: Final = ("enter", "enter", "m", "e", "enter")

ALL: Final = {
    "main": Picture(lambda: interface(_talk())),
    "main-light-zh": Picture(lambda: interface(_chinese_talk(), theme="light"), language="zh_CN"),
    "contact-card": Picture(lambda: interface(_talk()), ("alt+i",)),
    "small": Picture(lambda: interface(_talk()), ("alt+end",), size=(40, 15)),
    "first-run": Picture(_first_run, _MADE),
}


async def drawn(picture: Picture) -> str:
    """The picture as SVG, as the interface draws it now."""
    app = picture.app()
    with speaking(picture.language):
        async with app.run_test(size=picture.size) as pilot:
            await settle(pilot)
            for key in picture.keys:
                await pilot.press(key)
                await settle(pilot)
            return portable(app.export_screenshot(title="tuichat"))


def main() -> None:
    """Draw all of them."""
    PICTURES.mkdir(exist_ok=True)
    for name, picture in ALL.items():
        (PICTURES / f"{name}.svg").write_text(asyncio.run(drawn(picture)), encoding="utf-8")


if __name__ == "__main__":
    main()
