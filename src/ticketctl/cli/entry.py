"""Where the installed command starts. `--version` answers before anything is imported."""

from __future__ import annotations

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
    from ticketctl.cli.runner import run

    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
