"""Every sentence a person sees can be translated: it is a literal inside `_()` or `ngettext()`.

The search is by syntax and by the names of the calls that show text, so it cannot see a sentence that was put
in a variable first; it does find the ones that people forget.

`onion` translates nothing itself: there a sentence is the literal template of one of its errors or of a
`Sentence`, and what belongs into it is no words of its own.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# What shows text, and which of its arguments do: positions, then keywords. None stands for all positions.
SHOWN: dict[str, tuple[range | None, frozenset[str]]] = {
    "print": (None, frozenset()),
    "input": (range(1), frozenset({"prompt"})),
    "getpass": (range(1), frozenset({"prompt"})),
    "say": (range(1), frozenset()),
    "note": (range(1), frozenset()),
    "none_there": (range(1), frozenset()),
    "notify": (range(1), frozenset({"message", "title"})),
    "add_parser": (range(0), frozenset({"help", "description", "epilog"})),
    "add_command": (range(2, 3), frozenset({"summary"})),
    "ArgumentTypeError": (range(1), frozenset()),
    "add_argument": (range(0), frozenset({"help"})),
    "add_argument_group": (range(1), frozenset({"title", "description"})),
    "ArgumentParser": (range(0), frozenset({"description", "epilog", "usage"})),
    "Static": (range(1), frozenset({"content"})),
    "Label": (range(1), frozenset({"content"})),
    "Button": (range(1), frozenset({"label"})),
    "Input": (range(0), frozenset({"placeholder"})),
    "TextArea": (range(0), frozenset({"placeholder"})),
    "Binding": (range(2, 3), frozenset({"description"})),
}
SHOWN_ATTRIBUTES = frozenset({"border_title", "border_subtitle", "placeholder", "tooltip"})
ERROR_ROOT = "TuichatError"
ERROR_ARGUMENTS = (range(2), frozenset({"message", "hint"}))
TRANSLATORS = frozenset({"_", "ngettext"})
SENTENCE = "Sentence"
COMPUTED = (ast.JoinedStr, ast.BinOp, ast.Call, ast.IfExp, ast.BoolOp)


@cache
def trees(folder: str) -> list[tuple[Path, ast.Module]]:
    """Read once: parsing everything for every line that is tried would take half a minute."""
    paths = sorted((ROOT / folder).rglob("*.py"))
    return [(path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))) for path in paths]


def name_of(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


@cache
def error_classes(package: str = "tuichat", root: str = ERROR_ROOT) -> frozenset[str]:
    """The names of a package's root of errors and all that derives from it, wherever it is defined."""
    bases = {
        node.name: {name_of(base) for base in node.bases}
        for _, tree in trees(package)
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    found = {root}
    while more := {name for name, parents in bases.items() if parents & found and name not in found}:
        found |= more
    return frozenset(found)


def _says_something(text: str) -> bool:
    """Whether there are words to translate: more than our name, and not the words of a typed command."""
    words = [word for word in text.split() if len(word) > 1 and word.isalpha()]
    return bool(words) and words != ["tuichat"] and not text.startswith("/")


def has_words(node: ast.expr) -> bool:
    """Whether showing `node` shows words that stand in the source untranslated."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and _says_something(node.value)
    if isinstance(node, ast.JoinedStr):
        return any(has_words(part) for part in node.values)
    if isinstance(node, ast.BinOp):
        return has_words(node.left) or has_words(node.right)
    if isinstance(node, ast.IfExp):
        return has_words(node.body) or has_words(node.orelse)
    if isinstance(node, ast.BoolOp):
        return any(has_words(value) for value in node.values)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return has_words(node.func.value)
    return False


def shown_arguments(call: ast.Call, errors: frozenset[str]) -> Iterator[ast.expr]:
    name = name_of(call.func)
    rule = ERROR_ARGUMENTS if name in errors else SHOWN.get(name)
    if rule is None:
        return
    positions, keywords = rule
    for index, argument in enumerate(call.args):
        if positions is None or index in positions:
            yield argument
    for keyword in call.keywords:
        if keyword.arg in keywords:
            yield keyword.value


def untranslated(tree: ast.AST, errors: frozenset[str]) -> Iterator[ast.expr]:
    """The literals with words in `tree` that are shown without passing a translator."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from (argument for argument in shown_arguments(node, errors) if has_words(argument))
        elif (
            isinstance(node, ast.Assign)
            and has_words(node.value)
            and SHOWN_ATTRIBUTES & set(map(name_of, node.targets))
        ):
            yield node.value


def unmarked(tree: ast.Module, errors: frozenset[str]) -> Iterator[ast.expr]:
    """What a translator could not find in a module of `onion`, or would find filled in already."""
    marked: set[ast.expr] = set()
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = name_of(call.func)
        if name not in errors and name != SENTENCE:
            continue
        templates = call.args[:1] if name == SENTENCE else call.args[1:3]
        marked.update(templates)
        yield from (each for each in templates if isinstance(each, COMPUTED))
        yield from (each.value for each in call.keywords if has_words(each.value))
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.Return) and node.value is not None:
            yield from (
                each
                for each in ast.walk(node.value)
                if isinstance(each, ast.expr) and each not in marked
                if _is_whole_sentence(each)
            )


def _is_whole_sentence(node: ast.expr) -> bool:
    """Whether it is a literal of several words that ends as sentences do."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    text = "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in parts)
    return re.fullmatch(r"\S+ .*\w[.!?]", text) is not None


def test_every_sentence_of_onion_can_be_translated() -> None:
    errors = error_classes("onion", "OnionError")
    found = [
        f"{path}:{literal.lineno}: {ast.unparse(literal)}"
        for path, tree in trees("onion")
        for literal in unmarked(tree, errors)
    ]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    "line",
    [
        'raise TorError("start", f"tor ended with {status}.")',
        'raise TorError("start", "tor ended." if status else "tor did not start.")',
        'raise TorError("start", "tor ended.", "Look at {}.".format(path))',
        'raise TorError("start", "tor ended: {why}.", why=error.strerror or "of no known cause")',
        'raise TorError("start", "tor ended: {why}.", why=f"by signal {number}")',
        'Sentence(f"ended with status {status}")',
        '_HINT = "Look at the log."',
        '_REPLIES = {1: ("refused", "The service refused.")}',
        'return [f"tor {version} has a known weakness."]',
    ],
)
def test_a_sentence_of_onion_that_no_translator_sees_is_found(line: str) -> None:
    assert list(unmarked(ast.parse(line), error_classes("onion", "OnionError")))


@pytest.mark.parametrize(
    "line",
    [
        'raise TorError("start", "tor ended: {why}.", "Look.", why=Sentence("by signal {number}", number=9))',
        'raise TorError("start", "tor ended: {why}.", _HINT, why=error.strerror or type(error).__name__)',
        '_HINT = Sentence("Look at the log.")',
        '_WATCHED = "STATUS_CLIENT HS_DESC"',
    ],
)
def test_a_sentence_of_onion_that_can_be_translated_passes(line: str) -> None:
    assert not list(unmarked(ast.parse(line), error_classes("onion", "OnionError")))


def test_every_sentence_shown_passes_the_translator() -> None:
    errors = error_classes()
    found = [
        f"{path}:{literal.lineno}: {ast.unparse(literal)}"
        for path, tree in trees("tuichat")
        for literal in untranslated(tree, errors)
    ]
    assert not found, "\n" + "\n".join(found)


def test_nothing_is_filled_in_before_the_translator_has_seen_the_sentence() -> None:
    found = [
        f"{path}:{node.lineno}: {ast.unparse(node)}"
        for path, tree in trees("tuichat")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TRANSLATORS
        if isinstance(node.args[0], ast.JoinedStr | ast.BinOp | ast.Call)
    ]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    "line",
    [
        'print("nothing was sent")',
        'print(f"sent to {name}")',
        'self.notify("nothing was sent")',
        'self.border_title = "Your address"',
        'output.note(f"sent to {name}")',
        'raise UsageError(_("fine"), "but this hint is not")',
        'parser.add_argument("ref", help="a contact")',
        'Static("your address" if new else "")',
        'raise NotFoundError("no contact {name}".format(name=name))',
    ],
)
def test_a_bare_sentence_is_found(line: str) -> None:
    assert list(untranslated(ast.parse(line), error_classes()))


@pytest.mark.parametrize(
    "line",
    [
        'print(_("nothing was sent"))',
        'print(f"{name}  {state}")',
        'raise UsageError(_("no {name}").format(name=name), _("try again"))',
        'print("")',
        'Static("●")',
    ],
)
def test_a_translated_sentence_passes(line: str) -> None:
    assert not list(untranslated(ast.parse(line), error_classes()))
