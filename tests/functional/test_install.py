"""`requirements/install` on systems that lack something: what it says, what it asks, what it leaves alone.

It runs in a checkout of its own, with a PATH on which only a few harmless tools are real. The Python, apt-get
and sudo there are stand-ins that write down how they were called.
"""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ("cat", "cksum", "cp", "dirname", "env", "id", "mkdir", "mktemp", "readlink", "rm", "sh")
OTHERS = (
    "tor",
    "obfs4proxy",
    "tmux",
    "screen",
    "mosh-server",
    "strace",
    "faketime",
    "zsh",
    "fish",
    "systemd-analyze",
    "systemd-nspawn",
    "apparmor_parser",
)

PYTHON = """\
#!/bin/sh
case "$*" in
--version) echo "Python 3.9.2" ;;
-) cat >/dev/null; echo "$LACKS_VENV" ;;
"-m venv "*) mkdir -p "$4/bin" "$4/lib"; cp "$0" "$4/bin/python" ;;
"-m pip "*) echo "pip $*" >>"$CALLS"; [ -z "$PIP_FAILS" ] || { echo "pip's own words" >&2; exit 1; } ;;
*purelib*) echo "${0%/bin/*}/lib" ;;
*version_info*) [ -z "$OLD" ] ;;
esac
"""
APT_GET = """\
#!/bin/sh
echo "apt-get $*" >>"$CALLS"
case "$* " in *" $APT_FAILS "* | "$APT_FAILS "*) echo "apt's own words"; exit 100 ;; esac
"""
SUDO = '#!/bin/sh\necho "sudo $1" >>"$CALLS"\nexec "$@"\n'


class System:
    """A machine with a checkout; whatever is on its PATH is in `tools`."""

    def __init__(self, directory: Path) -> None:
        self.tools = directory / "tools"
        self.checkout = directory / "checkout"
        self.calls = directory / "calls"
        self.tools.mkdir()
        shutil.copytree(ROOT / "requirements", self.checkout / "requirements")
        self.calls.touch()
        for name in TOOLS:
            (self.tools / name).symlink_to(str(shutil.which(name)))
        self.add("python3", PYTHON)
        self.add("id", "#!/bin/sh\necho 0\n")
        self.add("apt-get", APT_GET)
        for name in OTHERS:
            self.add(name, "#!/bin/sh\n")

    def add(self, name: str, script: str) -> None:
        """Put a program on the PATH."""
        path = self.tools / name
        path.unlink(missing_ok=True)
        path.write_text(script, encoding="utf-8")
        path.chmod(0o755)

    def lose(self, *names: str) -> None:
        """Take programs away."""
        for name in names:
            (self.tools / name).unlink()

    def install(self, *words: str, answer: str | None = None, **environment: str) -> tuple[int, str]:
        """Run the installer; its exit code and what it said, with `answer` typed at a terminal."""
        ours, theirs = pty.openpty() if answer is not None else (None, subprocess.DEVNULL)
        if ours is not None and answer is not None:
            os.write(ours, answer.encode())
        blank = dict.fromkeys(("OLD", "LACKS_VENV", "PIP_FAILS", "APT_FAILS"), "")
        done = subprocess.run(
            ["/bin/sh", str(self.checkout / "requirements" / "install"), *words],
            stdin=theirs,
            capture_output=True,
            text=True,
            timeout=60,
            env={"PATH": str(self.tools), "CALLS": str(self.calls), **blank, **environment},
        )
        if ours is not None:
            os.close(ours)
            os.close(theirs)
        assert not done.stdout
        return done.returncode, done.stderr

    def called(self) -> list[str]:
        """How apt-get, sudo and pip were called, in order."""
        return self.calls.read_text(encoding="utf-8").splitlines()


@pytest.fixture
def system(tmp_path: Path) -> System:
    return System(tmp_path)


def test_a_complete_system_gets_the_locked_packages_once(system: System) -> None:
    code, said = system.install("dev")
    assert code == 0
    assert "Installing the locked Python packages" in said
    assert [call for call in system.called() if not call.startswith("pip")] == []
    assert all("--require-hashes" in call for call in system.called())
    before = len(system.called())
    assert system.install("dev") == (0, "")
    assert system.install("runtime") == (0, "")
    assert len(system.called()) == before


def test_an_old_python_is_named(system: System) -> None:
    code, said = system.install("dev", OLD="yes")
    assert code == 1
    assert "needs Python 3.11 or newer and found Python 3.9.2" in said
    system.lose("python3")
    code, said = system.install("dev")
    assert code == 1
    assert "found no python3" in said


def test_a_python_that_no_package_completes_is_named(system: System) -> None:
    code, said = system.install("dev", LACKS_VENV="?")
    assert code == 1
    assert "python3 lacks the modules venv and ensurepip" in said
    assert system.called() == []


def test_without_apt_get_what_is_missing_is_named(system: System) -> None:
    system.lose("apt-get", "tmux", "faketime", "fish")
    code, said = system.install("dev", LACKS_VENV="python3.11-venv")
    assert code == 1
    assert "This system lacks: python3.11-venv tmux faketime fish. It has no apt-get" in said


def test_who_may_not_install_is_told_what_root_would_do(system: System) -> None:
    system.lose("zsh")
    system.add("id", "#!/bin/sh\necho 1000\n")
    code, said = system.install("--yes", "dev")
    assert code == 1
    assert "This system lacks: zsh. As root: apt-get install zsh" in said
    assert system.called() == []


def test_nothing_is_installed_where_nobody_can_say_yes(system: System) -> None:
    system.lose("zsh")
    system.add("id", "#!/bin/sh\necho 1000\n")
    system.add("sudo", SUDO)
    code, said = system.install("dev")
    assert code == 1
    assert "    sudo apt-get update" in said
    assert "install -y --no-install-recommends zsh" in said
    assert "Nobody is here to say yes" in said
    assert system.called() == []


@pytest.mark.parametrize("answer", ["n\n", "\n", "what?\n"])
def test_anything_but_a_yes_installs_nothing(system: System, answer: str) -> None:
    system.lose("zsh")
    code, said = system.install("dev", answer=answer)
    assert code == 1
    assert "Run them now? [y/N]" in said
    assert "Nothing was installed." in said
    assert system.called() == []


@pytest.mark.parametrize("way", ["typed", "--yes", "CI"])
def test_a_yes_installs_what_is_missing_and_goes_on(system: System, way: str) -> None:
    system.lose("zsh", "fish")
    if way == "typed":
        code, _said = system.install("dev", answer="y\n")
    elif way == "CI":
        code, _said = system.install("dev", CI="true")
    else:
        code, _said = system.install("--yes", "dev")
    assert code == 0
    update, install, *rest = system.called()
    assert update == "apt-get update -qq"
    assert install == "apt-get install -y --no-install-recommends zsh fish"
    assert all(call.startswith("pip") for call in rest)


def test_who_is_not_root_installs_with_sudo(system: System) -> None:
    system.lose("zsh")
    system.add("id", "#!/bin/sh\necho 1000\n")
    system.add("sudo", SUDO)
    assert system.install("--yes", "dev")[0] == 0
    assert system.called()[:4] == [
        *("sudo apt-get", "apt-get update -qq"),
        *("sudo env", "apt-get install -y --no-install-recommends zsh"),
    ]


def test_old_package_lists_are_good_enough(system: System) -> None:
    system.lose("zsh")
    code, said = system.install("--yes", "dev", APT_FAILS="update")
    assert code == 0
    assert "apt-get update failed; trying with the package lists that are here" in said
    assert "apt's own words" not in said


def test_what_apt_get_says_about_a_failure_is_shown(system: System) -> None:
    system.lose("zsh")
    code, said = system.install("--yes", "dev", APT_FAILS="install")
    assert code == 1
    assert "apt's own words" in said
    assert "apt-get could not install: zsh." in said
    assert not any(call.startswith("pip") for call in system.called())


def test_a_failed_pip_is_told_and_the_next_start_goes_on(system: System) -> None:
    code, said = system.install("runtime", PIP_FAILS="yes")
    assert code == 1
    assert "pip's own words" in said
    assert "start this again to go on" in said
    code, said = system.install("runtime")
    assert code == 0
    assert "Making a virtual environment" not in said


def test_an_environment_that_cannot_be_made_is_told(system: System) -> None:
    system.add("python3", PYTHON.replace('mkdir -p "$4/bin" "$4/lib"; cp "$0" "$4/bin/python"', "exit 1"))
    code, said = system.install("runtime")
    assert code == 1
    assert f"python3 could not make {system.checkout / '.venv'}" in said
