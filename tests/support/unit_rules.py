"""What a unit's directives come to: its words, and the rules for `unit_sandbox`."""

from __future__ import annotations

import json
import socket
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Final

SANDBOX: Final = Path(__file__).with_name("unit_sandbox.py")


def directives(text: str) -> dict[str, list[str]]:
    """The values of each directive of a unit, in order."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith(("#", ";")):
            found[name.strip()].append(value.strip())
    return dict(found)


def sandbox_rules(text: str) -> str:
    """The rules of a unit, for `unit_sandbox`."""
    unit = directives(text)
    assert unit["MemoryDenyWriteExecute"] == ["yes"]
    calls: set[str] = set()
    for value in unit["SystemCallFilter"]:
        named = {call for word in value.removeprefix("~").split() for call in _calls(word)}
        calls = calls - named if value.startswith("~") else calls | named
    (families,) = unit["RestrictAddressFamilies"]
    numbers = [int(getattr(socket, name)) for name in families.split()]
    return json.dumps({"calls": sorted(calls), "families": numbers})


def _calls(word: str) -> set[str]:
    """The system calls that a word of SystemCallFilter= stands for, as systemd has it."""
    if not word.startswith("@"):
        return {word}
    said = subprocess.run(
        ["systemd-analyze", "--no-pager", "syscall-filter", word], capture_output=True, text=True, check=True
    ).stdout
    members = [line.strip() for line in said.splitlines()[1:]]
    return {call for member in members if member and member[0] != "#" for call in _calls(member)}
