"""Run one command line: errors become one screen and an exit code."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Sequence

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from ticketctl.cli.invocation import Invocation
from ticketctl.errors import DiskFullError, ExitCode, TicketctlError

_FULL = {errno.ENOSPC, errno.EDQUOT}


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code.

    Args:
        arguments: The command line without the program's name.
    """
    from ticketctl.cli.app import app

    invocation = Invocation(os.environ)
    try:
        code = _invoke(app, arguments, invocation)
        sys.stdout.flush()
    except OSError as error:
        if not _is_of_the_output(error):
            raise
        code = _unwritten(error, invocation)
    finally:
        invocation.close()
    return int(code)


def _invoke(app: TyperGroup, arguments: Sequence[str], invocation: Invocation) -> int:
    try:
        result = app.main(args=list(arguments), prog_name="ticketctl", standalone_mode=False, obj=invocation)
    except TyperException as error:
        invocation.close()
        error.show() if hasattr(error, "show") else sys.stderr.write(f"{error}\n")
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted(invocation)
    except TicketctlError as error:
        return _known(error, invocation)
    except Exception as error:
        if _is_of_the_output(error):
            raise
        return _bug(error, invocation)
    if result == ExitCode.INTERRUPTED:
        return _interrupted(invocation)
    return result if isinstance(result, int) else ExitCode.DONE


def _is_of_the_output(error: Exception) -> bool:
    return isinstance(error, BrokenPipeError) or (isinstance(error, OSError) and error.errno in _FULL)


def _unwritten(error: OSError, invocation: Invocation) -> int:
    """End a command whose answer could not be written; what was done is done."""
    # What is still buffered must not raise again when the interpreter closes the stream.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):
        return ExitCode.DONE  # the reader has seen enough (`ticketctl status | head`): no failure
    invocation.json = False  # a document would go nowhere
    full = DiskFullError(
        f"there is no room left for {error.filename or 'what the command writes to'}",
        why=error.strerror or str(error),
        next_step="make room, and run the command again: it goes on from what is done",
    )
    return _known(full, invocation)


def _known(error: TicketctlError, invocation: Invocation) -> int:
    invocation.close()
    if invocation.debug:
        traceback.print_exception(error)
    if invocation.json:
        from ticketctl.cli.render.plain import to_json

        sys.stdout.write(to_json({"error": error}) + "\n")
    else:
        from ticketctl.cli.render.failure import print_error

        print_error(error)
    return error.exit_code


def _interrupted(invocation: Invocation) -> int:
    invocation.close()
    sys.stderr.write(invocation.interrupted_note or "interrupted; nothing was lost, the same command goes on\n")
    return ExitCode.INTERRUPTED


def _bug(error: Exception, invocation: Invocation) -> int:
    invocation.close()
    traceback.print_exception(error)
    sys.stderr.write("\nTKT-070 this is a bug in ticketctl; please report the lines above\n")
    return ExitCode.BUG
