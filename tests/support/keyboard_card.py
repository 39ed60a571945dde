"""The keyboard card: docs/keys.md, and docs/keys.zh.md in Chinese, from the tables of the help page.

python -m tests.support.keyboard_card     writes both anew
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from tests.support.speaking import speaking
from tuichat.i18n import _
from tuichat.tui.keymap import Keymap, load_keymaps
from tuichat.tui.screens.help import key_rows, place_words
from tuichat.tui.slash import keys_of_commands, usages

DOCS: Final = Path(__file__).parents[2] / "docs"

_ENGLISH: Final = {
    "other": "[中文](keys.zh.md)",
    "title": "Keys and commands",
    "intro": "All of tuichat on one page; F1 shows the same inside.\nEvery key can be made another one: a "
    "keymap is a file of a few lines (`man man/tuichat-keys.7`).\nTwo come with the program: `/set keys vi` "
    "and `/set keys weechat` add to, or change, what stands first here.",
    "keys": "Keys",
    "key": "Key",
    "does": "What it does",
    "commands": "Commands",
    "command": "Command",
    "same": "The same by key",
    "keymap": "Keymap {name}",
    "stands": "Stands for",
    "where": "Where",
    "anywhere": "anywhere",
    "more": "`//` at the beginning sends a literal slash, `/1` opens the first conversation, Tab completes.",
}
_CHINESE: Final = {
    "other": "[English](keys.md)",
    "title": "按键和命令",
    "intro": "tuichat 的全部按键和命令都在这一页；在程序里按 F1 看到的也是这些。\n"
    "每个按键都可以换：键位方案是一个只有几行的文件（`man man/tuichat-keys.7`）。\n"
    "随程序附带两个：`/set keys vi` 和 `/set keys weechat`，它们在第一张表之上增加或更改。",
    "keys": "按键",
    "key": "按键",
    "does": "作用",
    "commands": "命令",
    "command": "命令",
    "same": "同样作用的按键",
    "keymap": "键位方案 {name}",
    "stands": "代表",
    "where": "在哪里",
    "anywhere": "任何地方",
    "more": "开头的 `//` 发送一个真正的斜杠，`/1` 打开第一个会话，Tab 补全。",
}
CARDS: Final = {"keys.md": ("en", _ENGLISH), "keys.zh.md": ("zh_CN", _CHINESE)}


def card(name: str) -> str:
    """The text of one of the cards, as the tables are now."""
    language, words = CARDS[name]
    with speaking(language):
        parts = [f"# {words['title']}", words["other"], words["intro"]]
        parts += [f"## {words['keys']}", _table([words["key"], words["does"]], key_rows())]
        for keymap in load_keymaps().values():
            if keymap.rows():
                parts += _keymap(keymap, words)
        head = [words["command"], words["does"], words["same"]]
        parts += [f"## {words['commands']}", words["more"], _table(head, _commands())]
    return "\n\n".join(parts) + "\n"


def _keymap(keymap: Keymap, words: dict[str, str]) -> list[str]:
    places = place_words() | {"anywhere": words["anywhere"]}
    rows = [(key, meaning or _("nothing"), places[place]) for key, meaning, place in keymap.rows()]
    heading = words["keymap"].format(name=keymap.name)
    return [f"## {heading}", _table([words["key"], words["stands"], words["where"]], rows)]


def _commands() -> Iterator[tuple[str, str, str]]:
    keys = keys_of_commands()
    for name, (argument, meaning) in usages().items():
        yield f"`/{name} {argument}`".replace(" `", "`"), meaning, keys.get(name, "")


def _table(head: list[str], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    for name in CARDS:
        (DOCS / name).write_text(card(name), encoding="utf-8")
