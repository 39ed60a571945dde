"""Whatever a command can do, a script can do over the local API: each calls its methods and nothing else."""

from __future__ import annotations

import ast
import importlib
import inspect
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tuichat import bootstrap
from tuichat.api.client import AsyncClient
from tuichat.api.methods import attributes
from tuichat.cli import doctor_profile
from tuichat.cli.commands import build_parser
from tuichat.cli.context import Context
from tuichat.cli.parser import Parser

CLIENT = tuple(f"{kind.__name__}." for kind in AsyncClient.__mro__)
METHODS = {*attributes(), "client_count"}

NO_NODE = {
    "init": "makes the profile that a node would serve",
    "restore": "makes one out of a backup",
    "config path": "is about a file",
    "config show": "is about a file",
    "completion": "prints a script",
    "demo": "brings up nodes of its own",
    "daemon run": "is the node",
    "daemon token": "is about a file",
    "service install": "is about a file",
}
"""Commands that never call a node."""

FRONT_END = {
    *("draft_set", "draft_list", "input_add", "input_list", "present", "typing"),
    *("file_prepare", "event_log", "message_earlier"),
}
"""Methods that are for interfaces and bots: no command has a use for them."""


def leaves(parser: Parser, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, command in parser.subcommands.items():
        if command.subcommands:
            yield from leaves(command, (*path, name))
        elif not command.hidden:
            yield " ".join((*path, name)), command.get_default("run")


def reached(function: Any, seen: set[Any]) -> set[str]:
    """The methods that a function of the command line calls, with all that it calls itself."""
    function = inspect.unwrap(function)
    if function in seen or function is Context:
        return set()
    seen.add(function)
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    found = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and (
            (
                isinstance(node.value, ast.Name)
                and node.value.id in ("node", "client", "current", "AsyncClient")
            )
            or (isinstance(node.value, ast.Attribute) and node.value.attr in ("node", "_node"))
        )
    }
    for target in targets(function, tree):
        if getattr(target, "__qualname__", "").startswith(CLIENT):
            found.add(target.__name__)
        elif getattr(target, "__module__", "").startswith(("tuichat.cli.", "tuichat.bootstrap.locking")):
            found |= reached(target, seen)
    return found & METHODS


def targets(function: Any, tree: ast.AST) -> Iterator[Any]:
    """Functions and classes that a function names: of its module, imported inside, or given to it."""
    module = inspect.getmodule(function)
    named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    found = [getattr(module, name, None) for name in named]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            source = importlib.import_module(node.module)
            found += [getattr(source, alias.name, None) for alias in node.names]
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found += [getattr(bootstrap, node.attr)] if node.value.id == "bootstrap" else []
    found += [cell.cell_contents for cell in getattr(function, "__closure__", None) or ()]
    return (each for each in found if inspect.isfunction(each) or inspect.isclass(each))


COMMANDS = dict(leaves(build_parser()))
CALLED = {command: reached(run, set()) for command, run in COMMANDS.items()}
for step in (Context.node, Context._unlock):  # as every command does on its way to a node
    CALLED["unlock"] |= reached(step, set())
CALLED["doctor"] |= reached(doctor_profile._ask_node, set())  # its checks stand in a table


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_calls_methods_or_has_nothing_to_do_with_a_node(command: str) -> None:
    if command in NO_NODE:
        assert not CALLED[command], f"{NO_NODE[command]}, and yet it calls a node"
    else:
        own = CALLED[command] - {"client_count", "go_online"}
        assert own - {"hello"} or command == "rpc", "it has no method of its own"


def test_every_method_is_called_by_a_command_or_is_for_other_programs_alone() -> None:
    called = set().union(*CALLED.values())
    assert METHODS - called == FRONT_END
    assert not set(NO_NODE) - set(COMMANDS)
