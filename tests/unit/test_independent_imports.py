"""The second implementation stands alone: nothing of the product is in it, so agreement proves something."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "tests" / "independent").glob("*.py"))
THE_PRODUCT = {"tuichat", "onion"}


def imported_by(module: Path) -> set[str]:
    """The names that a module imports, as they stand there."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_second_implementation_names_neither_the_product_nor_its_tests_helpers(module: Path) -> None:
    for name in imported_by(module):
        assert name.split(".")[0] not in THE_PRODUCT
        assert not name.startswith("tests.") or name.startswith("tests.independent")


def test_loading_all_of_it_loads_nothing_of_the_product() -> None:
    lines = [f"import tests.independent.{module.stem}" for module in MODULES]
    lines += ["import sys", "print(*{name.split('.')[0] for name in sys.modules})"]
    told = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=60,
    )
    loaded = set(told.stdout.split())
    assert "msgspec" in loaded
    assert not loaded & THE_PRODUCT
