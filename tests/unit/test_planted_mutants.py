"""Every invariant of the protocol holds, and its check fails when the product is changed so that it does not.

docs/invariants.md is the table of both, and is held to them here.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.mutants.table import MUTANTS, Mutant
from tests.support.invariants import Check

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "invariants.md").read_text(encoding="utf-8")
CHECKS = {check.__name__: check for mutant in MUTANTS for check in mutant.checks}
PAIRS = [(mutant, check) for mutant in MUTANTS for check in mutant.checks]


def name_of(value: object) -> str:
    return str(getattr(value, "__name__", getattr(value, "name", value)))


@pytest.mark.parametrize("check", CHECKS.values(), ids=name_of)
def test_invariant_holds(check: Check) -> None:
    check()


@pytest.mark.parametrize(("mutant", "check"), PAIRS, ids=name_of)
def test_planted_mutant_is_found_out(mutant: Mutant, check: Check) -> None:
    with pytest.MonkeyPatch.context() as patched:
        mutant.plant(patched)
        with pytest.raises(AssertionError):
            check()


def test_every_mutant_says_what_it_breaks_under_a_name_of_its_own() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    assert all(mutant.breaks and mutant.checks for mutant in MUTANTS)


def test_every_check_is_run_and_has_a_mutant() -> None:
    """A public function in invariants_*.py that takes nothing and gives nothing is a check."""
    written = {
        node.name
        for path in (ROOT / "tests" / "support").glob("invariants_*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
        and ast.unparse(node).splitlines()[0] == f"def {node.name}() -> None:"
        and not node.name.startswith("_")
    }
    assert written == set(CHECKS)


# -- the page --


def rows() -> list[tuple[str, set[str], set[str]]]:
    """(invariant, its checks, its mutants) of each row of the page's table."""
    table = PAGE.split("| what holds | check | mutants |")[1].split("\n\n")[0]
    cells = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    return [
        (what, set(re.findall(r"`([^`]+)`", a)), set(re.findall(r"`([^`]+)`", b))) for what, a, b in cells
    ]


def exists(test: str) -> bool:
    """Whether there is a test of this name, written as file::function."""
    path, _, function = test.partition("::")
    tree = ast.parse((ROOT / "tests" / path).read_text(encoding="utf-8"))
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    return function in names


@pytest.mark.parametrize(("what", "checks", "mutants"), rows(), ids=lambda value: str(value)[:40])
def test_row_of_the_page_names_checks_and_mutants_that_exist(
    what: str, checks: set[str], mutants: set[str]
) -> None:
    assert what
    assert checks
    assert mutants
    assert all(exists(name) for name in checks | mutants if "::" in name)
    planted = {mutant.name for mutant in MUTANTS if any(check.__name__ in checks for check in mutant.checks)}
    assert {name for name in mutants if "::" not in name} <= planted
    assert {name for name in checks if "::" not in name} <= set(CHECKS)
    for name in checks & set(CHECKS):
        assert any(mutant.name in mutants and CHECKS[name] in mutant.checks for mutant in MUTANTS), name


def test_page_leaves_no_check_and_no_mutant_out() -> None:
    assert {name for _, checks, _ in rows() for name in checks if "::" not in name} == set(CHECKS)
    listed = {name for _, _, mutants in rows() for name in mutants if "::" not in name}
    assert listed == {mutant.name for mutant in MUTANTS}
