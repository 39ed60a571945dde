"""The guide for a server is done as it stands, on a copy of this machine that is thrown away.

The copy is an overlay over the root directory in a mount namespace of its own, which takes root. What asks
the network (apt-get, pip), the service manager and containers are stand-ins, said below; everything else is
real: the account, the profile, the unit, the credential, and a daemon that runs as the unit's user.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "server.md").read_text(encoding="utf-8")

UNIT = "/etc/systemd/system/tuichat.service"

INSTEAD = {
    # The guide says "either ... or": the second is written too, and the first one used.
    "sudo tuichat service install --system --tor system": (
        f"mv {UNIT} /run/first && sudo tuichat service install --system --tor system && "
        f"systemd-analyze verify --man=no {UNIT} && mv /run/first {UNIT}"
    ),
    # It would fetch packages: those of the checkout, which it fetched before, are taken.
    "sudo /opt/tuichat/requirements/install --yes runtime": "ln -s {venv} /opt/tuichat/.venv",
    # There is no network for tor to reach anybody over.
    "sudo -H -u tuichat tuichat status --wait reachable": (
        "sudo -H -u tuichat tuichat status --wait reachable --timeout 1 || test $? = 3"
    ),
    # Typed on a terminal, it ends with Ctrl+D.
    "sudo install -m 600 /dev/stdin /etc/credstore/tuichat.passphrase": (
        "printf 'five random words\\n' | sudo install -m 600 /dev/stdin /etc/credstore/tuichat.passphrase"
    ),
    'sudo -H -u tuichat tuichat init --name "Reading room"': (
        "install -m 644 /dev/stdin /run/typed <<<'five random words'; "
        'sudo -H -u tuichat tuichat --passphrase-file /run/typed init --name "Reading room"'
    ),
}
"""Lines of the guide that are done in another way."""

FOR_ONE_PERSON = "tuichat service install"
"""The first step of somebody who is not root."""

STAND_INS = {
    "apt-get": "exit 0",
    "aa-status": "exit 0",
    "podman": "exit 0",
    "loginctl": "exit 0",
    "journalctl": "cat /run/log/tuichat",
    "sudo": """\
if [ "$1" = -H ]; then
    shift; [ "$1" = -u ]; user=$2; shift 2
    home=$(getent passwd "$user" | cut -d: -f6)
    exec setpriv --reuid="$user" --regid="$user" --init-groups env HOME="$home" "$@"
fi
exec "$@"
""",
    "systemctl": """\
begin() {
    read -ra words <<<"$(sed -n 's/^ExecStart=//p' "$units/$1")"
    export CREDENTIALS_DIRECTORY=/run/credentials
    user=$(sed -n 's/^User=//p' "$units/$1")
    setsid sudo -H -u "$user" "${words[@]}" </dev/null >/dev/null 2>>/run/log/tuichat &
    echo $! >"/run/$1.pid"
    for _ in $(seq 300); do
        [ -z "$(find /var/lib/tuichat -name api.sock)" ] || exit 0
        sleep 0.1
    done
    exit 1
}
units=/etc/systemd/system
if [ "$1" = --user ]; then units=$HOME/.config/systemd/user; shift; fi
case $1 in
daemon-reload) ;;
restart)
    [ "$2" != tor ] || exit 0
    pid=$(cat "/run/$2.pid")
    kill "$pid"
    while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
    begin "$2" ;;
status) cat "/run/$2.pid" ;;
reload) [ "$2" = apparmor ] || kill -HUP "$(cat "/run/$2.pid")" ;;
enable)
    [ "$2" = --now ]; unit=$units/$3
    systemd-analyze verify --man=no "$unit"
    [ $units = /etc/systemd/system ] || exit 0
    user=$(sed -n 's/^User=//p' "$unit")
    grep -q '^LoadCredential=passphrase' "$unit"
    install -d -m 700 -o "$user" /run/credentials
    install -m 400 -o "$user" /etc/credstore/tuichat.passphrase /run/credentials/passphrase
    install -d -m 755 -o "$user" /run/tuichat
    begin "$3" ;;
*) exit 1 ;;
esac
""",
}
"""Programs that the copy has in place of the machine's."""

_APART = ("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child")

MACHINE = """\
set -eu
place=$1 root=$1/root
mount -t tmpfs tmpfs "$place"
mkdir "$place/upper" "$place/work" "$root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$place/upper,workdir=$place/work" "$root"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mkdir -p "$root/run/log" "$root/run/stand-ins" "$root$2"
mount --bind "$2" "$root$2"
cp "$3"/* "$root/run/stand-ins/"
exec chroot "$root" /bin/bash /run/stand-ins/play
"""


def steps() -> list[str]:
    """The commands of the guide, in order; the pages' own blocks of several lines stay one step each."""
    blocks = re.findall(r"^```\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    lines = [line.partition("   #")[0].rstrip() for block in blocks for line in block.splitlines() if line]
    return [INSTEAD.get(line, line).replace("{venv}", sys.prefix) for line in lines]


def play() -> str:
    """The whole of it as a script: a step that fails ends it, and is named."""
    home, person = "/home/reader", "reader"
    opened = {Path(sys.executable).resolve(), Path(sys.prefix), ROOT}
    parents = sorted({str(parent) for path in opened for parent in path.parents})
    lines = [
        "set -eu",
        "export PATH=/run/stand-ins:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "export LANG=C.UTF-8",
        "export TUICHAT_TOR__BINARY=/nonexistent/tor; unset ${!XDG_*}",
        f"chmod o+x {shlex.join(parents)}",  # in the copy: where Python is, others may look
        "rm -rf /etc/apparmor.d/local && mkdir -p /etc/apparmor.d/local /etc/systemd/system",
        f"adduser --quiet --disabled-password --gecos '' --home {home} {person}",
        f"cd {shlex.quote(str(ROOT))}",
        "trap 'kill $(cat /run/*.pid) 2>/dev/null || true' EXIT",
    ]
    as_root = True
    for step in steps():
        if step == FOR_ONE_PERSON:
            as_root = False
            lines.append(f"cd {home}")
        said = f"printf '%s\\n' {shlex.quote('step: ' + step)}"
        lines += [
            said,
            step if as_root else f"sudo -H -u {person} env USER={person} bash -c {shlex.quote(step)}",
        ]
    lines.append("echo 'step: end'; stat -c '%G %a' /run/tuichat-bots/default.sock; cat /run/log/tuichat")
    return "\n".join(lines) + "\n"


def test_the_guide_for_a_server_can_be_done_as_it_stands() -> None:
    known = set(re.findall(r"^.+$", GUIDE, re.MULTILINE))
    assert all(any(line.startswith(step) for line in known) for step in INSTEAD), (
        "the guide says it otherwise"
    )
    if os.geteuid() != 0:
        print("Only root can make a copy of the machine: the steps are read, not done.")
        return
    with tempfile.TemporaryDirectory(prefix="machine") as place, tempfile.TemporaryDirectory() as stand_ins:
        for name, script in STAND_INS.items():
            path = Path(stand_ins, name)
            path.write_text(f"#!/bin/bash\nset -eu\n{script}", encoding="utf-8")
            path.chmod(0o755)
        Path(stand_ins, "play").write_text(play(), encoding="utf-8")
        done = subprocess.run(
            [*_APART, "bash", "-c", MACHINE, "machine", place, str(ROOT), stand_ins],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=120,
            check=False,
            text=True,
        )
    assert done.returncode == 0, done.stdout
    assert "step: end" in done.stdout
    address = re.search(r"^[a-z2-7]{56}$", done.stdout, re.MULTILINE)
    assert address is not None
    log = done.stdout.partition("step: end")[2]
    assert log.startswith("\ntuichat-bots 660\n"), log
    assert address[0] not in log
    assert "Traceback" not in done.stdout
