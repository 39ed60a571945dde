"""The Containerfile, line by line, as far as that goes without building it: no test reaches a registry."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "Containerfile").read_text(encoding="utf-8")
LINES = [
    line
    for line in re.sub(r"\\\n\s*", " ", TEXT).splitlines()
    if line.strip() and not line.lstrip().startswith("#")
]
ORDERS = [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in LINES]


def given(order: str) -> list[str]:
    """The words of every order of this name."""
    return [words for name, words in ORDERS if name == order]


def copied() -> list[tuple[Path, Path]]:
    """From which path of this checkout to which path of the image."""
    pairs: list[tuple[Path, Path]] = []
    for words in given("COPY"):
        *sources, target = [word for word in words.split() if not word.startswith("--")]
        if "--from=" not in words:
            into = target.endswith("/")
            pairs += [
                (ROOT / each, Path(target) / Path(each).name if into else Path(target)) for each in sources
            ]
    return pairs


def packages() -> set[str]:
    """What is installed from Debian."""
    found: set[str] = set()
    for words in given("RUN"):
        for command in re.findall(r"apt-get install ([^&]*)", words):
            found |= {word for word in command.split() if not word.startswith("-")}
    return found


def test_every_order_is_one_and_every_command_can_be_read_by_a_shell() -> None:
    known = {"FROM", "RUN", "COPY", "ENV", "USER", "VOLUME", "HEALTHCHECK", "STOPSIGNAL", "ENTRYPOINT", "CMD"}
    assert {name for name, _words in ORDERS} == known
    health = given("HEALTHCHECK")[0].partition("CMD ")[2]
    for command in [*given("RUN"), health]:
        subprocess.run(["sh", "-n", "-c", command], check=True, timeout=20)
    for words in (*given("ENTRYPOINT"), *given("CMD")):
        assert all(isinstance(word, str) for word in json.loads(words))


def test_what_is_copied_is_here_and_no_list_keeps_it_out() -> None:
    rules = (ROOT / ".containerignore").read_text(encoding="utf-8").split()
    assert rules[0] == "*"
    for source, _target in copied():
        assert source.exists()
        top = source.relative_to(ROOT).parts[0]
        assert any(fnmatch.fnmatch(top, rule[1:]) for rule in rules if rule.startswith("!")), top
    secret = {"tests", ".git", ".venv", "benchmarks"}
    assert not secret & {rule[1:] for rule in rules if rule.startswith("!")}


def test_the_packages_are_in_debian() -> None:
    assert {"python3", "tor"} <= packages()
    known: set[str] = set()
    if shutil.which("apt-cache") is not None:
        listed = subprocess.run(["apt-cache", "pkgnames"], capture_output=True, text=True, timeout=60)
        known = set(listed.stdout.split())
    if "obfs4proxy" not in known:
        print(
            "\nNo lists of Debian's packages are here: the names are only compared with requirements/install."
        )
        assert "tor" in (ROOT / "requirements" / "install").read_text(encoding="utf-8")
        return
    assert packages() - known == set()


def test_nobody_is_root_in_it_and_it_keeps_the_profile_in_the_volume() -> None:
    last = [name for name, _words in ORDERS]
    assert last.index("USER") < last.index("ENTRYPOINT")
    assert given("USER") == ["tuichat"]
    assert given("VOLUME") == ["/data"]
    environment = dict(pair.split("=", 1) for pair in shlex.split(given("ENV")[0]))
    assert environment["TUICHAT_HOME"] == "/data"
    assert environment["PATH"].split(":")[0] == "/opt/tuichat/bin"


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What COPY puts into an image."""
    root = tmp_path_factory.mktemp("image")
    for source, target in copied():
        place = root / target.relative_to("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, place, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, place)
    return root


def test_what_is_copied_is_all_that_it_needs_and_the_health_check_sees_a_daemon_only(image: Path) -> None:
    source = image / "opt" / "tuichat" / "source"
    environment = {**os.environ, "TUICHAT_HOME": str(image / "data"), "HOME": str(image)}
    environment["PYTHONPATH"] = os.pathsep.join((str(source), environment["PYTHONPATH"]))

    def tuichat(*words: str) -> str:
        command = [sys.executable, "-P", "-m", "tuichat", *words]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=True, env=environment, cwd=image
        ).stdout

    where = "import tuichat, onion; print(tuichat.__file__, onion.__file__)"
    found = subprocess.run(
        [sys.executable, "-P", "-c", where], capture_output=True, text=True, env=environment, cwd=image
    ).stdout
    assert found.count(str(source)) == 2
    tuichat("config", "set", "ui.theme", "light")
    tuichat("init", "--no-passphrase")
    pattern = re.search(r"grep -q '(.*)'", given("HEALTHCHECK")[0])
    assert pattern is not None
    said = tuichat("status", "--json")
    assert '"node":"none"' in said
    assert pattern[1] == '"node":"daemon"'
    assert (image / "build" / "runtime.txt").read_text() == (ROOT / "requirements/runtime.txt").read_text()
