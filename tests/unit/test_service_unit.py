"""The units of systemd that come with tuichat: what systemd says about them, and how they are written."""

from __future__ import annotations

import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from tuichat.bootstrap.reloading import LIVE
from tuichat.cli.commands import build_parser
from tuichat.cli.service import _system_steps, _write
from tuichat.cli.service_unit import DATA, Scope, TorMode, Unit, filled, this_program

HIGHEST = 2.0
KINDS = [(scope, tor) for scope in get_args(Scope) for tor in get_args(TorMode)]
kinds = pytest.mark.parametrize(("scope", "tor"), KINDS)


def analyze(scope: Scope, directory: Path, *words: str) -> str:
    """What systemd-analyze says, after checking that it is content."""
    runtime = directory / "runtime"
    runtime.mkdir(mode=0o700, exist_ok=True)
    done = subprocess.run(
        ["systemd-analyze", "--no-pager", *(["--user"] if scope == "user" else []), *words],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "XDG_RUNTIME_DIR": str(runtime), "LC_ALL": "C.UTF-8"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@kinds
def test_systemd_understands_each_unit_and_finds_little_exposed(
    scope: Scope, tor: TorMode, tmp_path: Path
) -> None:
    unit = Unit(scope, tor, "default", (sys.executable, "-P", "-m", "tuichat"))
    file = tmp_path / unit.name
    file.write_text(unit.text())
    analyze(scope, tmp_path, "verify", "--man=no", str(file))
    said = analyze(scope, tmp_path, "security", "--offline=true", "--threshold=20", str(file))
    score = re.search(r"Overall exposure level for tuichat\.service: ([0-9.]+)", said)
    assert score is not None
    print(f"\n{scope} unit with tor = {tor}: exposure {score[1]}")
    assert float(score[1]) <= HIGHEST


def test_a_unit_that_systemd_does_not_like_is_seen(tmp_path: Path) -> None:
    unit = Unit("system", "child", "default", (sys.executable,))
    file = tmp_path / unit.name
    file.write_text(unit.text().replace("PrivateUsers=yes", "PrivateUsers=perhaps"))
    with pytest.raises(AssertionError):
        analyze("system", tmp_path, "verify", "--man=no", str(file))


@kinds
def test_nothing_in_a_unit_is_left_to_be_filled_in(scope: Scope, tor: TorMode) -> None:
    text = Unit(scope, tor, "work", ("/opt/tuichat/bin/tuichat",)).text()
    assert not re.search(r"@[a-zA-Z]+\b(?!\S*-)", re.sub(r"@(system-service|privileged)", "", text))
    assert "ExecStart=/opt/tuichat/bin/tuichat --profile work daemon run\n" in text
    assert ("PrivateNetwork=yes\n" in text) is (tor == "system")
    assert ("AF_INET" in text) is (tor == "child")
    assert f"Environment=TUICHAT_TOR__MODE={tor}\n" in text


@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("/opt/a b", '"/opt/a b"'),
        ("/opt/100%", '"/opt/100%%"'),
        ("/a$HOME", '"/a$$HOME"'),
        ('/a"b', '"/a\\"b"'),
    ],
)
def test_a_path_with_signs_that_mean_something_is_quoted(word: str, written: str, tmp_path: Path) -> None:
    assert f"ExecStart={written} --profile" in Unit("user", "child", "default", (word,)).text()


def test_the_program_is_the_one_that_was_called(tmp_path: Path) -> None:
    program = tmp_path / "tuichat"
    program.write_text("#!/bin/sh\n")
    assert this_program(str(program))[0] == sys.executable  # it cannot be started
    program.chmod(0o755)
    assert this_program(str(program)) == (str(program),)
    assert Unit("system", "child", "default", ("/home/you/bin/tuichat",)).hidden_program()
    assert not Unit("user", "child", "default", ("/home/you/bin/tuichat",)).hidden_program()
    assert not Unit("system", "child", "default", ("/opt/tuichat/bin/tuichat",)).hidden_program()


def test_what_apparmor_lets_tor_do_and_the_directory_for_it_are_well_formed(tmp_path: Path) -> None:
    rules = tmp_path / "profile"
    rules.write_text(f"profile tuichat_test {{\n{(DATA / 'apparmor-system_tor').read_text()}}}\n")
    for content, code in ((rules.read_text(), 0), (rules.read_text().replace("rw,", "rw"), 1)):
        rules.write_text(content)
        command = ["apparmor_parser", "--skip-kernel-load", "--skip-cache", "--base", "/etc/apparmor.d"]
        done = subprocess.run([*command, str(rules)], capture_output=True, text=True, timeout=60)
        assert bool(done.returncode) is bool(code), done.stderr
    made = tmp_path / "root"
    lines = filled(DATA / "tmpfiles.conf", "system", PROFILE="default", USER="root").replace(
        "debian-tor", "root"
    )
    (tmp_path / "tuichat.conf").write_text(lines)
    done = subprocess.run(
        ["systemd-tmpfiles", "--create", f"--root={made}", str(tmp_path / "tuichat.conf")],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (made / "run/tuichat/default").stat().st_mode & 0o777 == 0o750


class Installer:
    """`tuichat service install` of somebody who is not root, or acts as if."""

    def __init__(self, directory: Path) -> None:
        self.environment = {**os.environ, "HOME": str(directory), "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
        self.environment.pop("XDG_CONFIG_HOME", None)
        self.unit = directory / ".config/systemd/user/tuichat.service"

    def run(self, *words: str, answer: str = "") -> subprocess.CompletedProcess[str]:
        ours, theirs = pty.openpty() if answer else (None, subprocess.DEVNULL)
        if ours is not None:
            os.write(ours, answer.encode())
        done = subprocess.run(
            [sys.executable, "-m", "tuichat", "service", "install", *words],
            stdin=theirs,
            capture_output=True,
            text=True,
            timeout=60,
            env=self.environment,
        )
        if ours is not None:
            os.close(ours)
            os.close(theirs)
        assert "Traceback" not in done.stderr
        return done


def test_a_unit_is_written_kept_and_replaced_only_by_who_wants_that(tmp_path: Path) -> None:
    person = Installer(tmp_path)
    first = person.run("--user")
    assert first.returncode == 0
    assert first.stdout == f"Written: {person.unit}\n"
    assert "systemctl --user enable --now tuichat.service" in first.stderr
    assert " init\n" in first.stderr
    text = person.unit.read_text()
    assert person.unit.stat().st_mode & 0o777 == 0o644
    assert person.run("--user", "--print").stdout == text
    assert "Already as it should be" in person.run("--user").stdout
    person.unit.write_text("# mine\n")
    refused = person.run("--user")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "is there and differs" in refused.stderr
    assert person.run("--user", answer="n\n").returncode == 2
    assert person.unit.read_text() == "# mine\n"
    assert person.run("--user", answer="y\n").returncode == 0
    assert person.unit.read_text() == text
    person.unit.write_text("# mine\n")
    forced = person.run("--user", "--tor", "system", "--force", "--json")
    assert '"written":true' in forced.stdout
    assert "debian-tor" in forced.stdout
    assert "PrivateNetwork=yes" in person.unit.read_text()


def test_a_link_in_the_way_of_an_unfinished_unit_is_not_followed(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_text("mine")
    kept.chmod(0o600)
    (tmp_path / ".tuichat.service.new").symlink_to(kept)
    assert _write(tmp_path / "tuichat.service", "[Unit]\n", force=False)
    assert (kept.read_text(), kept.stat().st_mode & 0o777) == ("mine", 0o600)
    assert (tmp_path / "tuichat.service").read_text() == "[Unit]\n"
    assert not (tmp_path / "tuichat.service").is_symlink()


def test_the_journal_is_not_told_what_stands_in_wrong_settings(tmp_path: Path) -> None:
    (tmp_path / "tuichat.toml").write_text('[tor]\nbridges = ["192.0.2.7x:443"]\n')
    command = [sys.executable, "-m", "tuichat", "--home", str(tmp_path), "daemon", "run"]
    for is_journal in (True, False):
        with (tmp_path / "stderr").open("w+b") as file:
            found = os.fstat(file.fileno())
            stream = f"{found.st_dev}:{found.st_ino}" if is_journal else ""
            environment = {**os.environ, "JOURNAL_STREAM": stream, "LC_ALL": "C.UTF-8"}
            done = subprocess.run(command, stderr=file, env=environment, timeout=60)
        said = (tmp_path / "stderr").read_text()
        assert done.returncode == 2
        assert "ine 2" in said
        assert ("192.0" in said, str(tmp_path) in said) == (not is_journal, not is_journal)


def test_what_cannot_be_installed_is_told_in_a_sentence(tmp_path: Path) -> None:
    person = Installer(tmp_path)
    both = person.run("--user", "--system")
    assert (both.returncode, both.stdout) == (2, "")
    if os.geteuid() != 0:
        only = person.run("--system")
        assert only.returncode == 1
        assert "Only root can install a service for the whole system." in only.stderr
    printed = person.run("--system", "--print")
    assert (printed.returncode, printed.stderr) == (0, "")
    assert "User=tuichat" in printed.stdout


def test_root_installs_a_unit_for_the_whole_system(tmp_path: Path) -> None:
    hidden = "mount -t tmpfs tmpfs /etc/systemd/system"
    namespace = ["unshare", "--mount", "sh", "-c"]
    if os.geteuid() != 0 or subprocess.run([*namespace, hidden], capture_output=True).returncode != 0:
        print("\nWithout root and a mount namespace no unit is written to /etc/systemd/system.")
        return
    install = f"{shlex.quote(sys.executable)} -m tuichat --profile work service install --tor system"
    script = f"set -e; {hidden}; {install} >&2; cat /etc/systemd/system/tuichat-work.service"
    done = subprocess.run([*namespace, script], capture_output=True, text=True, timeout=60)
    unit = Unit("system", "system", "work", this_program("python"))
    if unit.hidden_program():
        assert done.returncode == 1
        assert "A service of the system sees no home" in done.stderr
        return
    assert done.stdout == unit.text()
    assert "Written: /etc/systemd/system/tuichat-work.service" in done.stderr
    assert "systemctl daemon-reload && systemctl enable --now tuichat-work.service" in done.stderr
    assert not Path("/etc/systemd/system/tuichat-work.service").exists()


GUIDE = (Path(__file__).parents[2] / "docs" / "server.md").read_text(encoding="utf-8")
SHIPPED = re.compile(r"</opt/tuichat/(\S+)|/opt/tuichat/(requirements/install|tuichat|onion)\b")


def guide_lines() -> list[str]:
    """Every line of a block of commands in the guide, without what is said about it."""
    blocks = re.findall(r"```\n(.*?)```", GUIDE, re.DOTALL)
    return [line.partition("   #")[0].rstrip() for block in blocks for line in block.splitlines() if line]


def test_every_command_in_the_guide_is_one_and_every_file_is_there() -> None:
    words = [shlex.split(line) for line in guide_lines()]
    ours = []
    for line in words:
        for program in ("sudo", "-H", "-u tuichat", "podman exec -it tuichat", "podman exec tuichat"):
            start = program.split(" ")
            if line[: len(start)] == start:
                line = line[len(start) :]
        if line[0] == "tuichat":
            ours.append(line[1:])
        elif line[:2] == ["podman", "run"] and line[-1] != "tuichat":
            ours.append(line[line.index("tuichat") + 1 :])
    assert len(ours) >= 12
    for command in ours:
        assert build_parser().parse_args(command).run is not None
    for first, second in SHIPPED.findall(GUIDE):
        assert (Path(__file__).parents[2] / (first or second)).exists()


def test_the_guide_names_what_a_reload_changes_and_the_steps_that_the_command_says() -> None:
    named = re.search(r"\*\*Settings\*\* that a reload changes at once:(.*?)\.\n", GUIDE, re.DOTALL)
    assert named is not None
    assert set(re.findall(r"`([a-z_.]+)`", named[1])) == LIVE
    manual = (Path(__file__).parents[2] / "man" / "tuichat-daemon.1").read_text(encoding="utf-8")
    paragraph = manual.partition(".B SIGHUP")[2].partition("of all others")[0]
    assert set(re.findall(r"[a-z]+\.[a-z_]+", paragraph)) == LIVE
    unit = Unit("system", "system", "default", ("/usr/local/bin/tuichat",))
    lines = [line.removeprefix("sudo ") for line in guide_lines()]
    said = [part for step in _system_steps(unit) for part in step.split(" && ")]
    for part in said:
        if " init" not in part:  # there each is as the program was called
            assert part.replace(str(DATA), "/opt/tuichat/tuichat/data/service") in lines
