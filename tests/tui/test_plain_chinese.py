"""The interface line by line in Chinese: no answer has English left, and dates and times are Chinese."""

from __future__ import annotations

import re
from datetime import UTC
from pathlib import Path

import pytest

from tests.support.latin import left_over
from tests.support.memory_node import MemoryNode, address_of
from tests.support.scripted_lines import ScriptedLines, Step, plain
from tests.tui.test_tui_chinese import _CHOICES, _TYPED, _node
from tuichat import i18n
from tuichat.plain.options import Options
from tuichat.plain.reading import usages

_ASKED = """
    yes trust refuse one each keep quit erase revoke fetch decline pause resume cancel save snowflake reset qr
    q KEY VALUE NAME TEXT DIR PATH PORT
"""
_NAMES = "PDF SIGHUP WezTerm foot kitty rxvt English zh CN hooks"
"""What is typed word for word, and what has no other name."""

_ADDRESSES = [address_of(name) for name in ("小明", "小红", "老王", "李四", "新人")]


@pytest.fixture(autouse=True)
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "_translations", i18n._translations)
    i18n.use_language("zh_CN")


def _steps(place: Path) -> list[Step]:
    """Every command, as often as it has to be asked, and mistakes."""
    return [
        *("/help", "", "", "", "/contacts", "/requests", "/accept 李四", "/1", "/2", "/9", "晚安", "/status"),
        *("/query 小明", "/messages", "/search 晚上", "/reply #1 好", "/edit 不好", "/react 👍", "/earlier"),
        *(
            "/unsend",
            "yes",
            "/timer 7d",
            "/timer",
            "/timer off",
            "/timer 1x",
            "/retention 90d",
            "/retention off",
            "/retention default",
            "/memory",
            "/unread",
            "/top",
            "/bottom",
        ),
        *("/copy", "/me 走了", "/cancel", "yes", "/files", f"/export {place}/1"),
        *(
            "/verify",
            "",
            "/verify qr",
            "yes",
            "/card",
            "/card 小红",
            "/rename 大明",
            "/mute",
            "/unmute",
            "/pin",
        ),
        *("/unpin", "/archive", "/archived", "/unarchive 大明", "/tag 大明 家", "/untag 大明 家", "/next"),
        *(
            "/switch 大",
            "/msg 小红 好",
            "/invite",
            "/invites",
            "/invites revoke 1",
            "/address",
            "/address qr",
        ),
        *(f"/add {address_of('新人')} 新人", "/block 新人", "yes", "/blocked", "/unblock 新人", "/reject"),
        *(
            "/remove 新人",
            "yes",
            "/erase 小红",
            "",
            "/set notify off",
            "/set notify 1",
            "/settings",
            "/settings 1",
        ),
        *(
            "/settings privacy",
            "/settings notify",
            "/settings ui",
            "/bridges",
            "",
            "/theme",
            "/lock",
            "/connect",
        ),
        *("/wipe", "1", "/1234", "/close", "晚安", "/close", "/nonexistent", "/quit", "quit"),
    ]


async def test_no_answer_line_by_line_has_english_left(tmp_path: Path) -> None:
    node: MemoryNode = _node()
    node.offer("小明", "1.pdf", 2_100_000)
    lines = ScriptedLines(*_steps(tmp_path))
    await plain(node, lines, Options(zone=UTC, name="1", hours="12h"))
    names = _TYPED | _CHOICES | set(usages()) | {*_ASKED.split(), *_NAMES.split()}
    text = lines.text + "\n".join(lines.prompts)
    for own in (*_ADDRESSES, str(tmp_path)):
        text = text.replace(own, "")
    text = re.sub("tuichat(-verify)?1:[a-z2-7]+", "", text)
    assert not left_over(text, names)
    assert "-- 11月21日 星期六 --" in text
    assert "下午2:00 小明: 晚上见 🍜" in text
    assert "1 周" in text
    assert "2.1 MB" in text
