"""`ticketctl simulate flash-sale`: a sale with buyers and broken servers, and whether it was right."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ticketctl.cli.invocation import Invocation, Json, run_of

if TYPE_CHECKING:
    import threading

    from ticketctl.simulate.record import Record
    from ticketctl.simulate.sale import Sale

Unsafe = Literal["read-then-write", "redis-only", "no-predicate", "lock-then-plain-read"]
Via = Literal["library", "http"]

_INTERRUPTED = "interrupted; the sale is over, and nothing of it is left\n"


def flash_sale(
    ctx: typer.Context,
    *,
    seats: Annotated[int, typer.Option(metavar="COUNT", min=1, max=100_000, help="How many seats are sold.")] = 500,
    buyers: Annotated[int, typer.Option(metavar="COUNT", min=1, max=100_000, help="How many buyers come.")] = 1_000,
    processes: Annotated[int, typer.Option(metavar="COUNT", min=1, max=64, help="In how many processes.")] = 4,
    duration: Annotated[
        float, typer.Option(metavar="SECONDS", min=5.0, max=3600.0, help="How long buyers come and servers break.")
    ] = 30.0,
    faults: Annotated[
        list[str] | None, typer.Option(metavar="NAMES", help="What breaks: `all`, or names with commas between.")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="NUMBER", help="Chooses what buyers do and when what breaks.")] = 1,
    unsafe: Annotated[Unsafe | None, typer.Option(help="Sell in a wrong way, and see it caught.")] = None,
    via: Annotated[Via, typer.Option(help="Buy by the library, or from the booking service over HTTP.")] = "library",
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", dir_okay=False, help="Write a report, one HTML file that needs nothing else."),
    ] = None,
    json: Json = False,
) -> None:
    """Sell out to many buyers while servers break, and judge it.

    Buyers are real processes on the stack of this project. The event is removed afterwards. Exit 1 if a seat was sold
    twice, a hold was lost, a free seat was refused for too long, or anything else was not as it must be.

    Faults: buyers-killed, buyers-stopped, redis-flushed, redis-restarted, redis-paused, redis-cut, mysql-restarted,
    mysql-paused, sweeper-killed, clocks-wrong. They meet whatever else uses the stack: redis-flushed empties its Redis.

    Examples:
      ticketctl simulate flash-sale
      ticketctl simulate flash-sale --seats 5000 --buyers 10000 --duration 120 --faults all --report sale.html
      ticketctl simulate flash-sale --unsafe read-then-write
    """
    from ticketctl.cli.render.simulate import record_plain, record_text
    from ticketctl.simulate.sale import Sale
    from ticketctl.simulate.schedule import named

    run = run_of(ctx, json=json)
    try:
        names = named(faults or ())
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--faults") from error
    if unsafe and via == "http":
        raise typer.BadParameter("the booking service sells in no unsafe way", param_hint="--unsafe")
    sale = Sale(seats, buyers, processes, duration, seed, names, unsafe, via)
    run.interrupted_note = _INTERRUPTED
    with _written_to(report) as write:
        record = _hold(run, sale)
        if write is not None:
            from ticketctl.simulate.report.page import page

            write(page(record))
    run.show(record_plain(record), text=lambda: record_text(record, report))
    run.exit(ok=record.verdict.ok)


def command_of(sale: Sale) -> str:
    """Return the command that holds a sale again."""
    from ticketctl.simulate.schedule import KINDS

    options: list[str | int | float] = ["--seats", sale.seats, "--buyers", sale.buyers, "--processes", sale.processes]
    options += ["--duration", f"{sale.duration:g}", "--seed", sale.seed]
    options += ["--faults", "all" if set(sale.faults) == set(KINDS) else ",".join(sale.faults)] if sale.faults else []
    options += ["--unsafe", sale.unsafe] if sale.unsafe else []
    options += ["--via", sale.via] if sale.via != "library" else []
    return f"ticketctl simulate flash-sale {shlex.join(map(str, options))}"


def _hold(run: Invocation, sale: Sale) -> Record:
    from ticketctl.cli.render.simulate_live import audience
    from ticketctl.simulate.run import FlashSale
    from ticketctl.simulate.stack import sale_stack

    with (
        _stopping() as stop,
        sale_stack(run.project, run.environ) as stack,
        audience(run) as show,
    ):
        return FlashSale(stack.places, sale, stack.servers, show=show, stop=stop, command=command_of(sale)).run()


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """Have Ctrl-C, and whatever else ends a command, end the sale in order instead: servers may be broken just then."""
    import signal
    import threading

    stop = threading.Event()
    wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    # What is ignored stays so: `nohup` is meant to outlast its terminal.
    numbers = [number for number in wanted if signal.getsignal(number) is not signal.SIG_IGN]
    before = [signal.signal(number, lambda *_: stop.set()) for number in numbers]
    try:
        yield stop
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


@contextmanager
def _written_to(path: Path | None) -> Iterator[Callable[[str], None] | None]:
    """Give what writes a file, whole or not at all; that it cannot be written is said before the sale."""
    if path is None:
        yield None
        return
    import tempfile

    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise typer.BadParameter(f"cannot be written: {error}", param_hint="--report") from error
    os.close(descriptor)
    beside = Path(name)

    def write(text: str) -> None:
        beside.write_text(text, encoding="utf-8")
        beside.chmod(0o644)
        beside.replace(path)

    try:
        yield write
    finally:
        beside.unlink(missing_ok=True)
