"""What the server says of a long statement, as progress that one can show."""

from __future__ import annotations

import pytest

from ticketctl.provision.migrate.execution.stages import Stage, StageReader

READ = "stage/innodb/alter table (read PK and internal sort)"
INSERT = "stage/innodb/alter table (insert)"
COPY = "stage/sql/copy to tmp table"


def test_an_index_in_place() -> None:
    """As seen on a server: the estimate comes late, and falls and grows."""
    reader = StageReader()
    seen = [
        reader.read(READ, 330, 330, ""),
        reader.read(READ, 11512, 35752, ""),
        reader.read("stage/innodb/alter table (merge sort)", 15912, 35780, ""),
        reader.read(INSERT, 30370, 35780, ""),
        reader.read(None, None, None, "waiting for handler commit"),
    ]
    assert seen == [
        Stage("reading the table"),
        Stage("reading the table", 11512, 35752),
        Stage("sorting", 15912, 35780),
        Stage("building", 30370, 35780),
        Stage("finishing"),
    ]


def test_it_never_goes_back() -> None:
    reader = StageReader()
    reader.read(READ, 50, 100, "")
    assert reader.read(READ, 60, 400, "") == Stage("reading the table", 200, 400)
    assert reader.read(INSERT, 300, 400, "") == Stage("building", 300, 400)


def test_nor_beyond_the_end() -> None:
    reader = StageReader()
    assert reader.read(COPY, 516329, 516096, "") == Stage("copying rows", 516096, 516096)
    assert reader.read(COPY, 524043, 516096, "") == Stage("copying rows", 516096, 516096)


@pytest.mark.parametrize(
    ("event", "state", "expected"),
    [
        (None, "Waiting for table metadata lock", "waiting for other sessions to leave the table"),
        (None, "After create", "after create"),
        ("stage/sql/Opening tables", None, "opening tables"),
        ("stage/innodb/alter table (log apply table)", None, "catching up with writers"),
    ],
)
def test_without_figures_there_is_a_name(event: str | None, state: str | None, expected: str) -> None:
    assert StageReader().read(event, None, None, state) == Stage(expected)
    assert StageReader().read(event, 0, 0, state) == Stage(expected)


def test_nothing_is_nothing() -> None:
    assert StageReader().read(None, None, None, None) is None
    assert StageReader().read(None, None, None, "") is None
