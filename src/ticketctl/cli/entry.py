"""Where the installed command starts. `--version` answers before anything is imported."""

from __future__ import annotations

import gc
import sys

from ticketctl import __version__


def main() -> int:
    """Run the command with the process's arguments.

    Returns:
        The exit code, see `ticketctl.errors.ExitCode`.
    """
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        sys.stdout.write(f"ticketctl {__version__}\n")
        return 0
    # A command lives for seconds; the many objects of its imports are not looked through again and again.
    gc.set_threshold(50_000)
    from ticketctl.cli.runner import run

    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
