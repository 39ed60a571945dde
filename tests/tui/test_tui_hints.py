"""What a node says to run in a shell is said here as it is typed here."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, notice_text, running, settle
from tests.support.memory_node import MemoryNode
from tuichat import i18n
from tuichat.errors import UsageError
from tuichat.model import Sent
from tuichat.tui.slash import usages
from tuichat.tui.typed_here import typed_here

NODE = Path(__file__).parents[2] / "tuichat" / "node"
ELSEWHERE = {"token", "unlock", "doctor"}
"""Commands of a shell without one here: for scripts, for a locked profile, for a tor that does not work."""


def node_words() -> list[str]:
    """Sentences of the node that name a command."""
    constants = (
        each.value
        for file in sorted(NODE.rglob("*.py"))
        for each in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    )
    return [text for text in constants if re.search(r"[:(] ?tuichat [a-z]", text)]


def test_a_name_in_a_command_that_the_node_names_is_quoted_for_a_shell() -> None:
    calls = [
        each
        for file in sorted(NODE.rglob("*.py"))
        for each in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) and each.func.attr == "format"
    ]
    seen = 0
    for call in calls:
        assert isinstance(call.func, ast.Attribute)
        command = ast.unparse(call.func.value).partition("tuichat ")[2]
        fields = {each.arg: ast.unparse(each.value) for each in call.keywords if each.arg}
        if "{name}" in command:
            assert fields["name"].startswith("quote("), command
            seen += 1
        assert fields.get("ref", "quote(").startswith("quote(")
    assert seen > 7


@pytest.mark.parametrize("name", ["Ann Lee", "O'Brien", "a 'b' c", "ann", "李", "'"])
@pytest.mark.usefixtures("language")
def test_a_name_that_is_quoted_for_a_shell_is_not_quoted_here(name: str) -> None:
    for text in node_words():
        for field in ("{name}", "{ref}"):
            if f" {field}" in text.partition("tuichat contact")[2]:
                hint = i18n._(text).replace(field, shlex.quote(name))
                assert shlex.quote(name) in hint
                said = typed_here(hint)
                assert re.search(rf"/[a-z]+ {re.escape(name)}( |$)", said) or said.endswith("/memory off"), (
                    said
                )
    assert typed_here("See: tuichat contact accept 'Ann Lee' (or not)") == "See: /accept Ann Lee (or not)"


@pytest.mark.usefixtures("language")
def test_every_command_that_the_node_names_has_its_twin_here() -> None:
    assert len(node_words()) > 20
    for text in node_words():
        said = typed_here(
            i18n._(text).replace("{name}", "Ann Lee").replace("{ref}", "Ann Lee").replace("{id}", "12")
        )
        left = re.findall(r"[:：(（] ?tuichat ([a-z]+)", said)
        assert set(left) <= ELSEWHERE, said
        typed = re.findall(r"/([a-z]+)", said)
        assert set(typed) <= usages().keys(), said
        assert typed or left, said


async def test_an_error_names_what_can_be_typed_and_so_does_a_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    node = MemoryNode.sample(FixedClock())

    async def refuse(*_words: object) -> list[Sent]:
        raise UsageError("Files are on disk.", "To send files: tuichat contact memory bob off")

    monkeypatch.setattr(node, "file_send", refuse)
    async with running(node) as (main, pilot):
        await enter(main, pilot, f"/file {__file__}")
        assert notice_text(main) == "Files are on disk. To send files: /memory off"
        node.notice("Another key. Ask them, then: tuichat contact trust Ann Lee", "warning")
        await settle(pilot)
        assert notice_text(main) == "Another key. Ask them, then: /card Ann Lee"
