"""Finds every sentence in the source that a person may see, as a translator gets to know it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_TRANSLATORS = {"_": 1, "ngettext": 2, "Sentence": 1}
_ONION_ERRORS = frozenset({"OnionError", "AddressError", "TorError", "DialError"})
_MACHINERY = frozenset({"tuichat/i18n.py", "onion/errors.py", "onion/sentence.py"})
"""What hands on sentences that stand elsewhere."""


@dataclass(frozen=True, slots=True)
class Found:
    """One sentence: its English words, its plural or "", and where it stands."""

    words: str
    plural: str
    file: str
    line: int


class NoLiteralError(Exception):
    """A sentence that no translator can find, since it does not stand there as it is."""


def sentences(root: Path = ROOT) -> list[Found]:
    """All of them, by file and line.

    Raises:
        NoLiteralError: one is put together where it should be a literal.
    """
    found = []
    for folder in ("onion", "tuichat"):
        for path in sorted((root / folder).rglob("*.py")):
            name = path.relative_to(root).as_posix()
            if name not in _MACHINERY:
                found += sentences_in(ast.parse(path.read_text(encoding="utf-8")), name)
    return found


def sentences_in(tree: ast.AST, file: str) -> list[Found]:
    """Those of one module, in the order of their lines. Raises as `sentences`."""
    found = [
        Found(words, plural, file, call.lineno)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        for words, plural in _of_call(call, file)
    ]
    return sorted(found, key=lambda each: each.line)


def _of_call(call: ast.Call, file: str) -> Iterator[tuple[str, str]]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in _ONION_ERRORS and file.startswith("onion/"):
        for template in call.args[1:3]:  # a name there is that of a Sentence
            if isinstance(template, ast.Constant) and template.value:
                yield str(template.value), ""
    elif name in _TRANSLATORS:
        literals = [_literal(each, file) for each in call.args[: _TRANSLATORS[name]]]
        if literals and literals[0]:
            yield literals[0], literals[1] if len(literals) > 1 else ""


def _literal(node: ast.expr, file: str) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise NoLiteralError(f"{file}:{node.lineno}: {ast.unparse(node)}")
