"""See whether somebody listens at a Unix socket; run as a program of its own where only root may."""

import socket
import sys

PATIENCE = 5.0
"""Seconds."""


def connect(path: str) -> None:
    """Connect and leave.

    Args:
        path: The socket.

    Raises:
        OSError: Nobody listens.
    """
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(PATIENCE)
        client.connect(path)


if __name__ == "__main__":
    connect(sys.argv[1])
