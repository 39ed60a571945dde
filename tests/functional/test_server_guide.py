"""The guide for a server is done as it stands, on a copy of this machine that is thrown away.

The copy is an overlay over the root directory in namespaces of its own, with a systemd of its own as its
first process, which takes root. What asks the network (apt-get, pip), AppArmor's kernel and containers are
stand-ins, said below; everything else is real: the account, the profile, the units with all their limits, the
credential, the journal, and Debian's tor.
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
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
GUIDE = (ROOT / "docs" / "server.md").read_text(encoding="utf-8")

UNIT = "/etc/systemd/system/tuichat.service"

NOWHERE = "/etc/tor/nowhere"
"""The lines of a tor that knows no network but one that is not there: nothing leaves this machine."""

INSTALL = """\
install -d /opt/python /opt/tuichat/.venv/bin /opt/tuichat/.venv/lib /run/above/upper /run/above/work
mount --bind /run/host/python /opt/python
printf '/opt/python/lib\\n' >/etc/ld.so.conf.d/python.conf && ldconfig
ln -s /opt/python/bin/{python} /opt/tuichat/.venv/bin/python
printf 'home = /opt/python/bin\\n' >/opt/tuichat/.venv/pyvenv.cfg
above=upperdir=/run/above/upper,workdir=/run/above/work
mount -t overlay overlay -o lowerdir=/run/host/lib,$above /opt/tuichat/.venv/lib
echo /opt/tuichat >/opt/tuichat/.venv/lib/{python}/site-packages/tuichat-checkout.pth"""
"""The interpreter and the packages that this runs with, where a service sees them."""

INSTEAD = {
    # The guide says "either ... or": the second is written too, and used at the end.
    "sudo tuichat service install --system --tor system": (
        f"mv {UNIT} /run/first && sudo tuichat service install --system --tor system && "
        f"systemd-analyze verify --man=no {UNIT} && mv {UNIT} /run/second && mv /run/first {UNIT}"
    ),
    # It would fetch packages: those of the checkout, which it fetched before, are taken.
    "sudo /opt/tuichat/requirements/install --yes runtime": INSTALL,
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
        'sudo -H -u tuichat tuichat --passphrase-file /run/typed init --name "Reading room"; '
        f"sudo -H -u tuichat tuichat config set tor.extra_torrc {NOWHERE}"
    ),
    # Their kernel has no AppArmor.
    "sudo systemctl reload apparmor": "systemctl cat apparmor.service >/dev/null",
}
"""Lines of the guide that are done in another way."""

FOR_ONE_PERSON = "tuichat service install"
"""The first step of somebody who is not root."""

STAND_INS = {
    "apt-get": "exit 0",
    "aa-status": "exit 0",
    "podman": "exit 0",
    "sudo": """\
if [ "$1" = -H ]; then
    shift; [ "$1" = -u ]; user=$2; shift 2
    home=$(getent passwd "$user" | cut -d: -f6)
    exec setpriv --reuid="$user" --regid="$user" --init-groups env HOME="$home" "$@"
fi
exec "$@"
""",
}
"""Programs that the copy has in place of the machine's."""

AFTERWARDS = """\
show() { systemctl show --property="$1" --value tuichat.service; }
until_so() {
    for _ in $(seq 600); do ! "$@" || return 0; sleep 0.1; done
    echo "never: $*: $(show StatusText)"
    exit 1
}
stands() { [[ "$(show StatusText)" == $1 ]]; }
unlocked="@(Not connected|Tor connects)*"
started_again() { [ "$(show NRestarts)" -ge 1 ] && stands "$unlocked"; }

echo 'step: a tor of its own, and the signs of life'
stat -c '%G %a' /run/tuichat-bots/default.sock
until_so stands "$unlocked"
printf '[Service]\\nWatchdogSec=2\\n' >/etc/systemd/system/tuichat.service.d/hasty.conf
systemctl daemon-reload && systemctl restart tuichat.service
kill -STOP "$(show MainPID)"
until_so started_again
rm /etc/systemd/system/tuichat.service.d/hasty.conf
systemctl daemon-reload && systemctl restart tuichat.service
until_so stands "$unlocked"

echo 'step: a second one, and a clean end'
! sudo -H -u tuichat tuichat --passphrase-file /run/typed daemon run
systemctl stop tuichat.service
[ "$(show Result)" = success ]

echo 'step: without the credential it waits for somebody'
rm /etc/credstore/tuichat.passphrase
systemctl start tuichat.service
until_so stands "Locked*"
sudo -H -u tuichat tuichat --passphrase-file /run/typed unlock
until_so stands "$unlocked"

echo "step: the system's tor, without any network"
mv /run/second /etc/systemd/system/tuichat.service
sudo -H -u tuichat tuichat config set tor.extra_torrc ""
systemctl daemon-reload && systemctl restart tuichat.service
sudo -H -u tuichat tuichat --passphrase-file /run/typed unlock
until_so stands "$unlocked"
[ "$(sed 1,2d "/proc/$(show MainPID)/net/dev" | cut -d: -f1 | tr -d ' ')" = lo ]
stat -c '%U %G %a' /run/tuichat/default
tor=$(systemctl show --property=MainPID --value tor@default.service)
stat -L -c %i "/proc/$tor/ns/net" "/proc/$(show MainPID)/ns/net" | sort -u | wc -l

echo 'step: end'
journalctl --no-pager --output=cat -u tuichat.service
"""
"""What the guide says in words, seen to be so."""

PLAYER = """\
[Unit]
Requires=basic.target
After=basic.target
SuccessAction=exit
FailureAction=exit
[Service]
Type=oneshot
ExecStart=/bin/bash /run/host/guide/play
StandardOutput=file:/run/host/guide/said
StandardError=file:/run/host/guide/said
"""

MACHINE = """\
set -eu
place=$1 root=$1/root
mount -t tmpfs tmpfs "$place"
mkdir "$place/upper" "$place/work" "$root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$place/upper,workdir=$place/work" "$root"
rm -f "$root/etc/machine-id" && touch "$root/etc/machine-id"
exec systemd-nspawn --directory="$root" --machine=tuichat-guide --register=no --keep-unit --private-network \
    --quiet --console=pipe --bind="$2:/run/host/guide" --bind-ro="$3:/run/host/checkout" \
    --bind-ro="$4:/run/host/python" --bind-ro="$5:/run/host/lib" \
    --bind-ro="$2/play.service:/etc/systemd/system/play.service" --boot systemd.unit=play.service
"""


def steps() -> list[str]:
    """The commands of the guide, in order; the pages' own blocks of several lines stay one step each."""
    blocks = re.findall(r"^```\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    lines = [line.partition("   #")[0].rstrip() for block in blocks for line in block.splitlines() if line]
    return [INSTEAD.get(line, line).replace("{python}", PYTHON) for line in lines]


def play() -> str:
    """The whole of it as a script: a step that fails ends it, and is named."""
    home, person = "/home/reader", "reader"
    lines = [
        "set -eu",
        "export LANG=C.UTF-8",
        "export PATH=/run/host/guide:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "rm -rf /etc/apparmor.d/local && mkdir -p /etc/apparmor.d/local /etc/systemd/system",
        "umount /proc/kmsg",  # the container's, which no unit of a person's can cover
        f"printf 'DirAuthority nowhere orport=9 v3ident=%040d 127.0.0.1:9 %040d\\n' 1 1 >{NOWHERE}",
        f"cat {NOWHERE} >>/etc/tor/torrc",
        "! getent passwd tuichat reader >/dev/null",
        f"adduser --quiet --disabled-password --gecos '' --home {home} {person}",
        "cd /run/host/checkout",
    ]
    as_root = True
    for step in steps():
        if step == FOR_ONE_PERSON:
            as_root = False
            # Logged in, which brings a service manager of their own; and using tuichat already.
            lines += [f"loginctl enable-linger {person}", f"cd {home}"]
            lines.append(_as_person(person, "tuichat init --no-passphrase"))
            lines.append(_as_person(person, f"tuichat config set tor.extra_torrc {NOWHERE}"))
        lines.append(f"printf '%s\\n' {shlex.quote('step: ' + step)}")
        lines.append(step if as_root or step.startswith("podman") else _as_person(person, step))
    return "\n".join([*lines, AFTERWARDS])


def _as_person(person: str, step: str) -> str:
    return (
        f"sudo -H -u {person} env USER={person} XDG_RUNTIME_DIR=/run/user/$(id -u {person}) "
        f"bash -c {shlex.quote(step)}"
    )


def test_the_guide_for_a_server_can_be_done_as_it_stands() -> None:
    known = set(re.findall(r"^.+$", GUIDE, re.MULTILINE))
    assert all(any(line.startswith(step) for line in known) for step in INSTEAD), (
        "the guide says it otherwise"
    )
    if os.geteuid() != 0:
        print("Only root can make a copy of the machine: the steps are read, not done.")
        return
    with tempfile.TemporaryDirectory(prefix="machine") as place, tempfile.TemporaryDirectory() as shared:
        for name, script in STAND_INS.items():
            path = Path(shared, name)
            path.write_text(f"#!/bin/bash\nset -eu\n{script}", encoding="utf-8")
            path.chmod(0o755)
        Path(shared).chmod(0o755)
        Path(shared, "play").write_text(play(), encoding="utf-8")
        Path(shared, "play.service").write_text(PLAYER, encoding="utf-8")
        Path(shared, "said").touch()
        places = (place, shared, str(ROOT), sys.base_prefix, f"{sys.prefix}/lib")
        done = subprocess.run(
            [*("unshare", "--mount", "bash", "-c", MACHINE, "machine"), *places],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=300,
            check=False,
            text=True,
        )
        said = Path(shared, "said").read_text(encoding="utf-8")
    assert done.returncode == 0, done.stdout + said
    guide, _, after = said.partition("step: a tor of its own")
    address = re.search(r"^[a-z2-7]{56}$", guide, re.MULTILINE)
    assert address is not None
    assert "\ntuichat-bots 660\n" in after
    assert "A daemon runs for this profile already, with pid" in after
    assert "\ntuichat debian-tor 750\n2\n" in after
    journal = after.partition("step: end\n")[2]
    assert "Changed: files.quota" in journal
    assert "Watchdog timeout" in journal
    assert address[0] not in journal
    assert "Traceback" not in said
