"""What the doctor says of surroundings that are made up: each finding, and what is well."""

from __future__ import annotations

import ast
import os
import re
import stat
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tuichat.cli import doctor_machine
from tuichat.cli.doctor import about_encoding, anonymous
from tuichat.cli.doctor_clock import about_clock, consensus_time
from tuichat.cli.doctor_profile import about_directory, about_file, about_settings, about_socket
from tuichat.cli.doctor_terminal import terminal
from tuichat.cli.doctor_tor import about_reach
from tuichat.cli.finding import Finding
from tuichat.cli.surroundings import Surroundings
from tuichat.model import NetworkProblem, ServiceStage, ServiceState, Status, TorState

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 26, 21, 30, tzinfo=UTC)
ADDRESS = "e2y4okcjxe6kkntezkbeazb4kfgeohfausscjysm6lgmqcrzsm7dcdid"
MOUNT = "27 1 {device} / {place} {options} - {kind} {source} rw\n"


@pytest.fixture
def kernel(tmp_path: Path) -> Path:
    """A directory for files of the kernel's."""
    return tmp_path / "root"


def put(kernel: Path, path: str, text: str = "") -> None:
    place = kernel / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)


def machine(kernel: Path, **facts: Any) -> Surroundings:
    return Surroundings(**{"environment": {}, "root": kernel, **facts})


def states(findings: Sequence[Finding]) -> list[tuple[str, str]]:
    """What was found; whatever is not well says what to do, and nothing else does."""
    for finding in findings:
        assert bool(finding.hint) == (finding.state != "ok"), finding
        assert finding.text
    return [(finding.id, finding.state) for finding in findings]


def swaps(*lines: str) -> str:
    return "\n".join(["Filename  Type  Size  Used  Priority", *lines]) + "\n"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("", ("swap", "ok")),
        ("/dev/zram0 partition 1 0 100", ("swap", "ok")),
        ("/dev/sda2 partition 1 0 -2", ("swap.plain", "warning")),
        ("/dev/dm-0 partition 1 0 -2", ("swap", "ok")),
        ("/dev/dm-1 partition 1 0 -2", ("swap", "ok")),
        ("/dev/dm-2 partition 1 0 -2", ("swap.plain", "warning")),
        ("/home/swap\\040file file 1 0 -2", ("swap", "ok")),
        ("/swapfile file 1 0 -2", ("swap.plain", "warning")),
    ],
)
def test_swap_is_named_if_it_is_not_encrypted(kernel: Path, line: str, found: tuple[str, str]) -> None:
    put(kernel, "proc/swaps", swaps(*filter(None, [line])))
    put(kernel, "sys/class/block/dm-0/dm/uuid", "CRYPT-LUKS2-0123-swap\n")
    put(kernel, "sys/class/block/dm-1/dm/uuid", "LVM-0123\n")
    put(kernel, "sys/class/block/dm-1/slaves/dm-0")
    put(kernel, "sys/class/block/dm-2/dm/uuid", "LVM-0123\n")
    put(kernel, "sys/class/block/dm-2/slaves/sda2")
    put(kernel, "sys/dev/block/253:0/dm/uuid", "CRYPT-LUKS2-0123-home\n")
    mounts = [
        MOUNT.format(device="8:1", place="/", options="rw", kind="ext4", source="/dev/sda1"),
        MOUNT.format(device="253:0", place="/home", options="rw", kind="ext4", source="/dev/dm-0"),
    ]
    put(kernel, "proc/self/mountinfo", "".join(mounts))
    findings = list(doctor_machine.swap(machine(kernel)))
    assert states(findings) == [found]
    if found[1] == "warning":
        assert line.split()[0] in findings[0].text


@pytest.mark.parametrize(
    ("facts", "pattern", "found"),
    [
        ({}, "|/usr/lib/systemd/systemd-coredump %P", ("core_dumps", "ok")),
        ({"dumpable": True}, "|/usr/share/apport/apport %p", ("core_dumps.possible", "warning")),
        ({"dumpable": None, "core_limit": -1}, "core", ("core_dumps.possible", "warning")),
        ({"dumpable": True, "core_limit": 0}, "core", ("core_dumps", "ok")),
    ],
)
def test_core_dumps_are_those_that_a_crash_would_leave(
    kernel: Path, facts: dict[str, Any], pattern: str, found: tuple[str, str]
) -> None:
    put(kernel, "proc/sys/kernel/core_pattern", f"{pattern}\n")
    assert states(list(doctor_machine.core_dumps(machine(kernel, **facts)))) == [found]


@pytest.mark.parametrize(
    ("scope", "limit", "state", "said"),
    [("1\n", 8 << 20, "ok", "8192 KiB"), ("0\n", 0, "warning", "0 KiB"), (None, -1, "warning", "any amount")],
)
def test_memory_that_other_programs_may_read_is_told(
    kernel: Path, scope: str | None, limit: int, state: str, said: str
) -> None:
    if scope is not None:
        put(kernel, "proc/sys/kernel/yama/ptrace_scope", scope)
    findings = list(doctor_machine.memory(machine(kernel, lock_limit=limit)))
    assert states(findings) == [("memory.lock_limit", "ok"), ("memory.ptrace", state)]
    assert said in findings[0].text


@pytest.mark.parametrize(
    ("free", "found"),
    [
        (1 << 30, ("disk", "ok")),
        (100 << 20, ("disk.room", "warning")),
        (1 << 20, ("disk.room", "error")),
    ],
)
def test_little_room_is_a_warning_and_none_an_error(free: int, found: tuple[str, str]) -> None:
    assert states([doctor_machine.about_room(free, Path("/srv"))]) == [found]


@pytest.mark.parametrize(
    ("kind", "options", "environment", "found"),
    [
        ("ext4", "rw,relatime", {}, []),
        ("tmpfs", "rw", {}, [("disk.in_memory", "warning")]),
        ("nfs4", "rw", {}, [("disk.network", "warning")]),
        ("xfs", "ro", {}, [("disk.ro", "error")]),
        ("ext4", "rw,nobarrier", {}, [("disk.unsafe_mount", "warning")]),
        ("ext4", "rw", {"LD_PRELOAD": "/usr/lib/libeatmydata.so"}, [("disk.no_fsync", "warning")]),
    ],
)
def test_file_systems_that_keep_less_than_they_say_are_told(
    kernel: Path, tmp_path: Path, kind: str, options: str, environment: dict[str, str], found: list[Any]
) -> None:
    place = str(tmp_path.resolve()).replace(" ", "\\040")
    line = MOUNT.format(device="8:1", place=place, options=options, kind=kind, source="any")
    put(kernel, "proc/self/mountinfo", "rubbish\n" + line)
    seen = machine(kernel, environment=environment)
    findings = list(doctor_machine.disk(seen, tmp_path / "none" / "yet"))
    assert states(findings[1:]) == found


def test_clock_is_held_against_all_that_is_known_of_the_time() -> None:
    def found(now: datetime, problem: NetworkProblem = "", consensus: datetime | None = None) -> str:
        (one,) = states([about_clock(now, TorState(problem=problem), consensus)])
        return one[0] if one[1] == "error" else one[1]

    assert found(NOW) == "ok"
    assert found(NOW, consensus=NOW) == "ok"
    assert found(NOW.replace(year=1970)) == "clock.past"
    assert found(NOW, "clock_skew") == "clock.skew"
    assert found(NOW, consensus=NOW.replace(hour=22)) == "clock.behind"


def test_time_of_the_consensus_is_read_from_what_tor_keeps(tmp_path: Path) -> None:
    assert consensus_time(tmp_path) is None
    kept = tmp_path / "cached-microdesc-consensus"
    kept.write_text("network-status-version 3 microdesc\nvalid-after 2026-11-26 21:30:00\nfresh-until x\n")
    assert consensus_time(tmp_path) == NOW
    kept.write_text("valid-after 2026-99-26 21:30:00\n")
    assert consensus_time(tmp_path) is None


def status_of(path: Path, **changes: int) -> os.stat_result:
    """The status of a file as if it had another owner or mode."""
    values = list(path.lstat())
    for name, value in changes.items():
        values[getattr(stat, name.upper())] = value
    return os.stat_result(values)


def test_owners_and_modes_of_what_is_in_a_profile(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    file = tmp_path / "file"
    file.touch(0o600)
    other = os.getuid() + 1
    directory = {
        "profile": tmp_path.lstat(),
        "profile.mode": status_of(tmp_path, st_mode=stat.S_IFDIR | 0o750),
        "profile.owner": status_of(tmp_path, st_uid=other),
        "profile.no_directory": file.lstat(),
    }
    for wanted, status in directory.items():
        state = "ok" if wanted == "profile" else "error"
        assert states([about_directory(tmp_path, status)]) == [(wanted, state)]
    assert list(about_file(file, file.lstat())) == []
    doubtful = status_of(file, st_uid=other, st_mode=stat.S_IFREG | 0o640)
    assert states(list(about_file(file, doubtful))) == [
        ("profile.file_owner", "warning"),
        ("profile.file_mode", "warning"),
    ]


def test_settings_that_others_may_change_are_an_error(tmp_path: Path) -> None:
    file = tmp_path / "tuichat.toml"
    file.touch(0o644)
    assert states([about_settings(file, file.lstat())]) == [("settings", "ok")]
    for changes, wanted in (({"st_mode": stat.S_IFREG | 0o620}, "mode"), ({"st_uid": 4321}, "owner")):
        assert states([about_settings(file, status_of(file, **changes))]) == [(f"settings.{wanted}", "error")]


def test_socket_must_be_ours_alone(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    good = status_of(tmp_path / "file", st_mode=stat.S_IFSOCK | 0o600)
    assert list(about_socket(tmp_path, good)) == []
    for status in (
        status_of(tmp_path / "file", st_mode=stat.S_IFREG | 0o600),
        status_of(tmp_path / "file", st_mode=stat.S_IFSOCK | 0o660),
        status_of(tmp_path / "file", st_mode=stat.S_IFSOCK | 0o600, st_uid=4321),
    ):
        assert states(list(about_socket(tmp_path, status))) == [("node.socket", "error")]


@pytest.mark.parametrize(
    ("stage", "found"),
    [
        ("offline", ("reach.offline", "ok")),
        ("tor", ("reach.not_yet", "warning")),
        ("checking", ("reach.not_yet", "warning")),
        ("unpublished", ("reach.unpublished", "warning")),
        ("no_answer", ("reach.no_answer", "warning")),
    ],
)
def test_reachability_is_what_the_node_knows(stage: ServiceStage, found: tuple[str, str]) -> None:
    status = Status(address=ADDRESS, node="daemon", locked=False, service=ServiceState(stage=stage))
    assert states([about_reach(status)]) == [found]


def test_who_is_reachable_or_locked_is_told_so() -> None:
    service = ServiceState(published=True, reachable=True, checked_at=NOW, stage="reachable")
    good = about_reach(Status(address=ADDRESS, node="daemon", locked=False, service=service))
    assert states([good]) == [("reach", "ok")]
    assert "2026-11-26 21:30" in good.text
    assert states([about_reach(Status(address=None, node="daemon", locked=True))]) == [("reach.locked", "ok")]


def test_encodings() -> None:
    assert states([about_encoding("UTF-8")]) == [("locale", "ok")]
    assert states([about_encoding("latin-1")]) == [("locale.encoding", "warning")]


def seen(**changes: Any) -> dict[str, tuple[str, str]]:
    """What is found at a terminal of someone's, by id."""
    facts: dict[str, Any] = {"environment": {"TERM": "xterm-256color"}, "is_terminal": True, **changes}
    findings = list(terminal(Surroundings(**facts)))
    states(findings)
    return {finding.id: (finding.state, finding.text) for finding in findings}


def test_no_terminal_and_a_dumb_one() -> None:
    assert seen(is_terminal=False)["terminal.none"][0] == "ok"
    assert seen(environment={"TERM": "dumb"})["terminal.dumb"][0] == "warning"
    assert seen(environment={})["terminal.dumb"][0] == "warning"


def test_a_terminal_that_can_all_has_no_warning() -> None:
    found = seen(cells=lambda texts: [1 if text == "ä" else 2 for text in texts])
    assert {state for state, _ in found.values()} == {"ok"}
    assert {"terminal", "terminal.colours", "terminal.width", "terminal.keys"} <= set(found)
    assert found["terminal.clipboard"][0] == "ok"


def test_a_small_terminal_is_a_warning() -> None:
    assert seen(columns=40, lines=15)["terminal"][0] == "ok"
    assert seen(columns=39, lines=24)["terminal.small"][0] == "warning"
    assert seen(columns=80, lines=14)["terminal.small"][0] == "warning"


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, "16 million"),
        ({"TERM": "tmux-256color"}, "256"),
        ({"TERM": "linux"}, "16 colours"),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, "NO_COLOR"),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, "256"),
        ({"TERM": "vt100"}, "a vt100 has none"),
        ({"TERM": "screen.xterm-256color", "STY": "1.a.b", "COLORTERM": "truecolor"}, "256"),
    ],
)
def test_colours_are_those_that_will_be_used(environment: dict[str, str], said: str) -> None:
    assert said in seen(environment=environment)["terminal.colours"][1]


def test_widths_that_programs_disagree_on_are_told_and_none_where_the_terminal_does_not_say() -> None:
    assert seen(cells=lambda texts: [len(text) for text in texts])["terminal.width"][0] == "warning"
    assert "terminal.width" not in seen()


@pytest.mark.parametrize("environment", [{"VTE_VERSION": "7600"}, {"TERM_PROGRAM": "Apple_Terminal"}])
def test_terminals_that_keep_keys_and_what_is_copied(environment: dict[str, str]) -> None:
    found = seen(environment={"TERM": "xterm-256color", **environment})
    assert found["terminal.keys"][0] == found["terminal.clipboard"][0] == "warning"


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("set-clipboard on\nescape-time 10\nextended-keys on\n", ("ok", "ok", "on")),
        ("set-clipboard external\nescape-time 500\nextended-keys off\n", ("ok", "warning", "off")),
        ("set-clipboard off\n", ("ok", "warning", "off")),
    ],
)
def test_settings_of_tmux(said: str, wanted: tuple[str, str, str]) -> None:
    environment = {"TERM": "tmux-256color", "TMUX": "/tmp/tmux-1/default,1,0"}
    found = seen(environment=environment, ask=lambda _words: said)
    clipboard, escape, keys = wanted
    assert found["terminal.clipboard"][0] == clipboard
    assert found["terminal.escape_time"][0] == escape
    assert f"is {keys};" in found["terminal.extended_keys"][1]
    assert seen(environment=environment)["terminal.tmux"][0] == "warning"


def test_screen_and_mosh_are_noticed(kernel: Path) -> None:
    inside = {"TERM": "screen.xterm-256color", "STY": "3232.pts-2.host"}
    assert seen(environment=inside)["terminal.screen"][0] == "ok"
    assert seen(environment={"TERM": "screen.xterm-256color"})["terminal.screen"][0] == "warning"
    for pid, name, parent in ((9, "python3", 8), (8, "bash", 7), (7, "mosh-server", 1)):
        put(kernel, f"proc/{pid}/status", f"Name:\t{name}\nPPid:\t{parent}\n")
    assert seen(root=kernel, pid=9)["terminal.mosh"][0] == "warning"
    assert "terminal.mosh" not in seen(root=kernel, pid=7)


def test_the_linux_console_and_a_terminal_far_away_are_noticed() -> None:
    found = seen(environment={"TERM": "linux"})
    assert found["terminal.console"][0] == found["terminal.keys"][0] == "warning"
    assert "terminal.clipboard" not in found
    assert "terminal.remote" not in found
    assert seen(environment={"TERM": "xterm", "SSH_TTY": "/dev/pts/3"})["terminal.remote"][0] == "ok"


def test_what_is_found_can_be_shown_to_others() -> None:
    environment = {"HOME": "/people/ann"}
    told = {
        "/people/ann/.local/share/tuichat/x is": "~/.local/share/tuichat/x is",
        "in /people/ann": "in ~",
        "chmod 700 '/people/ann/a b'": "chmod 700 ~/'a b'",
        "/people/anna/x": "/people/anna/x",
        "/srv/people/ann": "/srv/people/ann",
        "Run: sudo -u ann tuichat ...": "Run: sudo -u USER tuichat ...",
        f"from {ADDRESS}.onion:": "from ADDRESS.onion:",
    }
    for text, wanted in told.items():
        assert anonymous(text, environment) == wanted
    assert anonymous("in /people", {}) == "in /people"


def told_by(module: str) -> set[str]:
    """The ids of the findings that a module of the command line may make."""
    tree = ast.parse((ROOT / "tuichat" / "cli" / f"{module}.py").read_text(encoding="utf-8"))
    found = set()
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Finding":
            words = {keyword.arg: keyword.value for keyword in call.keywords}
            what = call.args[4] if len(call.args) > 4 else words.get("what", ast.Constant(""))
            if isinstance(call.args[0], ast.Constant) and isinstance(what, ast.Constant):
                found.add(".".join(str(part) for part in (call.args[0].value, what.value) if part))
    return found


def test_every_finding_stands_in_the_docs_and_no_other_does() -> None:
    page = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[^|]+) \|", page, re.MULTILINE)
    written = {name for row in rows for name in re.findall(r"`([a-z_.]+)`", row)} - {"id", "state"}
    of_one_look = ("doctor_clock", "doctor_machine", "doctor_profile", "doctor_terminal")
    made = set().union(*map(told_by, of_one_look))
    assert made <= written
    assert written <= made | told_by("doctor") | told_by("doctor_tor") | {"tor", "tor.program", "tor.control"}


def test_the_facts_of_this_process_are_found() -> None:
    here = Surroundings.here({})
    assert here.pid == os.getpid()
    assert here.read("proc/self/status") is not None
    root = here.mount_of(Path("/"))
    assert root is not None
    assert root.place == Path("/")
    assert here.ask(("echo", "said")) == "said\n"
    assert here.ask(("false",)) is None
    assert here.ask(("/nonexistent",)) is None
