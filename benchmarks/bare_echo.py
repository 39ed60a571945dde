"""A program that writes back what it reads from its terminal: no key can be on screen sooner."""

from __future__ import annotations

import os
import tty

READY = b"ready"

if __name__ == "__main__":
    tty.setraw(0)
    os.write(1, READY)
    while keys := os.read(0, 4096):
        os.write(1, keys)
