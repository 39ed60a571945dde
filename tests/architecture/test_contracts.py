"""Each contract between the packages can fail: an import that it forbids, planted in a copy, breaks it.

The contracts stand in pyproject.toml under [tool.importlinter]; `./test imports` holds the real tree to them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# (contract, module that gets the import, what it imports)
VIOLATIONS = [
    ("layers", "tuichat.errors", "tuichat.model"),
    ("layers", "tuichat.model", "tuichat.crypto"),
    ("layers", "tuichat.crypto", "tuichat.protocol"),
    ("layers", "tuichat.protocol", "tuichat.network"),
    ("layers", "tuichat.protocol", "tuichat.store"),
    ("layers", "tuichat.store", "tuichat.network"),
    ("layers", "tuichat.network", "tuichat.store"),
    ("layers", "tuichat.media", "tuichat.store"),
    ("layers", "tuichat.network", "tuichat.media"),
    ("layers", "tuichat.media", "tuichat.node"),
    ("layers", "tuichat.store", "tuichat.node"),
    ("layers", "tuichat.network", "tuichat.node"),
    ("layers", "tuichat.node", "tuichat.bootstrap"),
    ("layers", "tuichat.node", "tuichat.cli"),
    ("layers", "tuichat.tui", "tuichat.cli"),
    ("layers", "tuichat.tui", "tuichat.plain"),
    ("layers", "tuichat.api", "tuichat.node"),
    ("layers", "tuichat.api", "tuichat.bootstrap"),
    ("layers", "tuichat.event_buffer", "tuichat.api"),
    ("layers", "tuichat.health", "tuichat.node"),
    ("layers", "tuichat.node", "tuichat.health"),
    ("layers", "tuichat.supervisor", "tuichat.network"),
    ("clients", "tuichat.cli", "tuichat.store"),
    ("clients", "tuichat.cli", "tuichat.protocol"),
    ("clients", "tuichat.cli", "aiohttp"),
    ("clients", "tuichat.tui", "tuichat.node"),
    ("clients", "tuichat.tui", "tuichat.network"),
    ("clients", "tuichat.tui", "onion"),
    ("clients", "tuichat.plain", "tuichat.node"),
    ("api", "tuichat.network", "tuichat.api"),
    ("api", "tuichat.store", "tuichat.api"),
    ("api", "tuichat.node", "tuichat.api"),
    ("api-alone", "tuichat.api", "tuichat.node"),
    ("api-alone", "tuichat.api", "tuichat.store"),
    ("api-alone", "tuichat.api", "tuichat.network"),
    ("api-alone", "tuichat.api", "tuichat.protocol"),
    ("api-alone", "tuichat.api", "aiohttp"),
    ("api-alone", "tuichat.api", "apsw"),
    ("api-alone", "tuichat.api", "onion.address"),
    ("onion-alone", "onion.keys", "tuichat.errors"),
    ("onion-users", "tuichat.node", "onion.address"),
    ("onion-users", "tuichat.cli", "onion"),
    ("stem", "tuichat.network", "stem.control"),
    ("stem", "onion.keys", "stem"),
    ("textual", "tuichat.cli", "textual.app"),
    ("textual", "tuichat.api", "textual"),
    ("textual", "tuichat.plain", "textual"),
    ("ciphers", "tuichat.protocol", "nacl.bindings"),
    ("ciphers", "tuichat.store", "cryptography"),
    ("ciphers", "onion.errors", "nacl"),
    ("database", "tuichat.node", "apsw"),
    ("media", "tuichat.media", "tuichat.protocol"),
    ("media", "tuichat.media", "tuichat.crypto"),
    ("pictures", "tuichat.media.cleaning", "PIL.Image"),
    ("pictures", "tuichat.media.stripping", "PIL"),
    ("pictures", "tuichat.node", "PIL"),
    ("pictures", "tuichat.tui", "PIL"),
    ("graphics", "tuichat.tui.screens.picture_screen", "textual_image.widget"),
    ("picture-process", "tuichat.media.cleaning", "tuichat.media.clean_picture"),
    ("picture-process", "tuichat.node", "tuichat.media.clean_picture"),
    ("picture-process", "tuichat.media.drawing", "tuichat.media.draw_picture"),
    ("confined", "tuichat.media.apart", "tuichat.media.confined"),
    ("pure", "tuichat.crypto", "os"),
    ("pure", "tuichat.crypto", "secrets"),
    ("pure", "tuichat.crypto", "time"),
    ("pure", "tuichat.protocol", "asyncio"),
    ("pure", "tuichat.protocol", "socket"),
    ("pure", "tuichat.protocol", "random"),
]


def contracts() -> set[str]:
    """The identifiers of all contracts."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {contract["id"] for contract in settings["tool"]["importlinter"]["contracts"]}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the two packages and the contracts."""
    for package in ("tuichat", "onion"):
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "data")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def source_of(checkout: Path, module: str) -> Path:
    path = checkout.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def check(checkout: Path, contract: str) -> subprocess.CompletedProcess[str]:
    """Hold the copy to one contract."""
    command = [
        str(Path(sys.executable).with_name("lint-imports")),
        "--no-logo",
        "--no-cache",
        "--contract",
        contract,
    ]
    environment = {**os.environ, "COLUMNS": "200"}
    return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(("contract", "module", "imported"), VIOLATIONS)
def test_a_forbidden_import_breaks_its_contract(
    checkout: Path, contract: str, module: str, imported: str
) -> None:
    source = source_of(checkout, module)
    source.write_text(source.read_text(encoding="utf-8") + f"\nimport {imported}\n", encoding="utf-8")
    result = check(checkout, contract)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "0 kept, 1 broken" in result.stdout, result.stdout + result.stderr


def test_a_module_that_stands_in_no_layer_is_found(checkout: Path) -> None:
    (checkout / "tuichat" / "elsewhere.py").write_text("", encoding="utf-8")
    result = check(checkout, "layers")
    assert result.returncode == 1, result.stdout + result.stderr
    assert "elsewhere" in result.stdout


def test_every_contract_is_shown_to_bite() -> None:
    assert {contract for contract, _, _ in VIOLATIONS} == contracts()


def test_the_tree_as_it_is_keeps_every_contract(checkout: Path) -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    result = subprocess.run(command, cwd=checkout, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr
