"""Prepare the libraries that ticketctl is measured beside, in a folder of the user's choice.

Usage: python benchmarks/locks/peers.py DIR
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[0] = str(HERE.parent)

from preparing import Peer, environment, prepare, run  # noqa: E402  # after the path is set

# The same redis-py as the project's own environment has: what differs is then the lock.
PYTHON_PACKAGES = ("python-redis-lock==4.0.1", "pottery==3.0.1", f"redis=={version('redis')}")
# It asks for a redis-py below 6.
REDLOCK_NG_PACKAGES = ("redlock-ng==2.0.4", "redis==5.3.1")


def _go(folder: Path) -> None:
    run("go", "build", "-C", str(HERE / "go"), "-o", str(folder.resolve() / "go/locks-peer"), ".", CGO_ENABLED="0")


PEERS = (
    Peer("python-redis-lock 4.0.1, pottery 3.0.1", (), "python/bin/python", environment("python", PYTHON_PACKAGES)),
    Peer("redlock-ng 2.0.4", (), "redlock-ng/bin/python", environment("redlock-ng", REDLOCK_NG_PACKAGES)),
    Peer("redislock 0.9.4, redsync 4.18.1 (Go)", ("go",), "go/locks-peer", _go, ours=True),
)

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    prepare(PEERS, Path(sys.argv[1]))
