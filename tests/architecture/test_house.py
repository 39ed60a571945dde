"""Rules about the tree itself: what a wheel carries, how long a file is, that pages lead somewhere."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("tuichat", "onion")
LONGEST = 400
READ_BY_PEOPLE = frozenset({"", ".py", ".md", ".toml", ".tcss", ".sql", ".1", ".5", ".7"})

# A home, a mount or a scratch folder of whoever wrote the line: it means nothing to anybody else.
SOMEBODYS_FOLDER = re.compile(r"(?<![\w.])/(root|work|mnt|Users|home/(?!you\b)\w+)/\w")


def sources(*folders: str) -> Iterator[Path]:
    """Every Python file under the given folders."""
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def texts() -> Iterator[Path]:
    """Every file that people read, lock files aside."""
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        hidden = any(part == "__pycache__" or (part.startswith(".") and part != ".ci") for part in parts)
        if not hidden and path.suffix in READ_BY_PEOPLE and path.is_file():
            yield path


def test_no_file_is_longer_than_a_person_reads_at_once() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in sources(*PACKAGES, "benchmarks", "examples")
        if (lines := path.read_text(encoding="utf-8").count("\n")) > LONGEST
    }
    assert not long


def test_every_module_says_what_it_is_and_defers_annotations() -> None:
    silent = []
    for path in sources(*PACKAGES, "tests", "benchmarks", "examples"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        deferred = any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)
        annotates = any(isinstance(node, ast.FunctionDef | ast.AnnAssign) for node in ast.walk(tree))
        if ast.get_docstring(tree) is None or (annotates and not deferred):
            silent.append(str(path.relative_to(ROOT)))
    assert not silent


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in texts()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if SOMEBODYS_FOLDER.search(line)
    ]
    assert not found


def test_every_link_between_our_pages_leads_somewhere() -> None:
    broken = []
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert not broken


def test_every_decision_is_in_the_list_of_decisions() -> None:
    folder = ROOT / "docs" / "adr"
    listed = (folder / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in folder.glob("[0-9]*.md") if f"({path.name})" not in listed] == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of the files in a wheel that was built just now."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (built,) = folder.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return set(archive.namelist())


def test_the_wheel_carries_every_file_of_both_packages(wheel: set[str]) -> None:
    ours = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert ours - wheel == set()


def test_the_wheel_carries_themes_manual_and_licence(wheel: set[str]) -> None:
    themes = {f"tuichat/data/themes/{path.name}" for path in (ROOT / "themes").glob("*.toml")}
    assert themes
    assert themes - wheel == set()
    assert any(name.endswith("share/man/man1/tuichat.1") for name in wheel)
    assert any(name.endswith("licenses/LICENSE") for name in wheel)


def test_the_wheel_carries_nothing_else(wheel: set[str]) -> None:
    assert {name.split("/")[0].rpartition("-")[0] or name.split("/")[0] for name in wheel} <= {
        "tuichat",
        "onion",
        "tuichat-0.1.0.dev0.dist",
        "tuichat-0.1.0.dev0",
    }
