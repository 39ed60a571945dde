"""`python -m benchmarks.impatient_node ...` is `python -m tuichat ...`, with less patience.

Circuits for files that nobody uses close sooner: before each cold start that is measured one would wait for a
minute otherwise.
"""

from __future__ import annotations

import sys
from typing import Final

from tuichat.__main__ import main
from tuichat.node import file_circuits

IDLE_SECONDS: Final = 25.0

if __name__ == "__main__":
    file_circuits.IDLE_SECONDS = IDLE_SECONDS  # type: ignore[misc]
    sys.exit(main())
