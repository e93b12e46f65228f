"""Fenced writes without a server: statements, verdicts, and what is refused before anything is sent."""

from __future__ import annotations

import inspect
from collections.abc import Generator, Sequence
from pathlib import Path

import pytest
import redis
from hypothesis import example, given
from hypothesis import strategies as st
from redis.crc import key_slot

from ticketctl.errors import StaleHolderError
from ticketctl.locks import fenced
from ticketctl.locks.fenced import Answer, Statement, guard_steps, update_steps

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "fenced-writes.md"
MICROSECONDS = 1_700_000_000_000_000

NEVER_ASKED = redis.Redis(host="127.0.0.1", port=1)
"""A client that would fail to connect if something were sent."""

Steps = Generator[Statement, Answer, int]


def run(steps: Steps, *answers: Answer) -> tuple[list[Statement], int]:
    """Send answers to the steps; all of them must be asked for."""
    sent = [next(steps)]
    for answer in answers:
        try:
            sent.append(steps.send(answer))
        except StopIteration as end:
            assert answer is answers[-1]
            return sent, end.value
    raise AssertionError(f"another answer is waited for: {sent[-1]}")


def looked(matched: int, newest: int | None) -> Answer:
    return Answer(1, [(matched, newest)])


def test_an_update_compares_the_fence_and_writes_it() -> None:
    sent, changed = run(
        update_steps("seats", {"status": "HELD", "holder": None}, {"id": 7}, fence=12), Answer(1), looked(1, 12)
    )

    assert changed == 1
    assert sent == [
        Statement(
            "UPDATE `seats` SET `status` = %s, `holder` = %s, `fence` = %s"
            " WHERE `id` = %s AND (`fence` IS NULL OR `fence` <= %s)",
            ("HELD", None, 12, 7, 12),
            reads=False,
        ),
        Statement("SELECT COUNT(*), MAX(`fence`) FROM `seats` WHERE `id` = %s FOR UPDATE", (7,), reads=True),
    ]


@pytest.mark.parametrize(
    ("where", "condition", "parameters"),
    [
        ({"id": 7, "row": "A"}, "`id` = %s AND `row` = %s", (7, "A")),
        ({"holder": None}, "`holder` IS NULL", ()),
        ({"id": [7, 8], "row": ("A",)}, "`id` IN (%s, %s) AND `row` IN (%s)", (7, 8, "A")),
    ],
)
def test_a_condition_names_rows_by_values(
    where: dict[str, object], condition: str, parameters: Sequence[object]
) -> None:
    write = next(update_steps("seats", {}, where, fence=3))

    assert write.sql == f"UPDATE `seats` SET `fence` = %s WHERE {condition} AND (`fence` IS NULL OR `fence` <= %s)"
    assert write.parameters == (3, *parameters, 3)


def test_names_are_quoted() -> None:
    steps = update_steps("inventory_db.a`b", {"row_number": 1}, {"odd name": 2}, fence=3, column="sea`l")

    assert next(steps).sql == (
        "UPDATE `inventory_db`.`a``b` SET `row_number` = %s, `sea``l` = %s"
        " WHERE `odd name` = %s AND (`sea``l` IS NULL OR `sea``l` <= %s)"
    )


@given(value=st.text(), key=st.text())
def test_values_never_become_part_of_a_statement(value: str, key: str) -> None:
    plain = next(update_steps("seats", {"status": "x"}, {"id": "y"}, fence=3))
    given = next(update_steps("seats", {"status": value}, {"id": key}, fence=3))

    assert given.sql == plain.sql
    assert given.parameters == (value, 3, key, 3)


@pytest.mark.parametrize("name", ["", "a.b.c", ".a", "a.", "x" * 65, "50%s", "nul\0"])
def test_a_table_that_cannot_be_quoted_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"cannot be used as the name|neither a table"):
        next(update_steps(name, {}, {"id": 1}, fence=1))
    with pytest.raises(ValueError, match=r"cannot be used as the name|neither a table"):
        next(guard_steps("seat", fence=1, table=name))


@pytest.mark.parametrize("where", [{}, {"id": []}, {"id": [1, None]}])
def test_a_condition_that_names_no_rows_is_refused(where: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"`where`"):
        next(update_steps("seats", {"status": "FREE"}, where, fence=1))


@pytest.mark.parametrize(("values", "where"), [({"Fence": 9}, {"id": 1}), ({"status": 1}, {"FENCE": 1})])
def test_the_column_of_the_fence_is_the_helpers_own(values: dict[str, object], where: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="leave it out"):
        next(update_steps("seats", values, where, fence=1))


def test_nothing_changed_and_no_row_is_zero() -> None:
    assert run(update_steps("seats", {}, {"id": 1}, fence=5), Answer(0), looked(0, None))[1] == 0


def test_rows_that_say_it_already_are_counted_and_written_again_under_their_locks() -> None:
    sent, changed = run(update_steps("seats", {}, {"id": 1}, fence=5), Answer(0), looked(2, 5), Answer(0))

    assert changed == 2
    assert sent[2] == sent[0]


def test_a_newer_fence_refuses() -> None:
    with pytest.raises(StaleHolderError) as refused:
        run(update_steps("seats", {}, {"id": 1}, fence=5), Answer(0), looked(1, 6))

    assert (refused.value.fence, refused.value.newer) == (5, 6)
    assert "roll" not in str(refused.value)


def test_a_newer_fence_on_some_rows_refuses_and_asks_for_a_rollback() -> None:
    with pytest.raises(StaleHolderError, match="roll the transaction back"):
        run(update_steps("seats", {}, {"id": [1, 2]}, fence=5), Answer(1), looked(2, 6))


def test_all_rows_that_can_be_there_need_no_second_look() -> None:
    sent, changed = run(update_steps("seats", {}, {"id": 1}, fence=5, rows=1), Answer(1))

    assert (len(sent), changed) == (1, 1)


def test_fewer_rows_than_can_be_there_are_looked_at() -> None:
    with pytest.raises(StaleHolderError):
        run(update_steps("seats", {}, {"id": [1, 2]}, fence=5, rows=2), Answer(1), looked(2, 6))


def test_a_guard_that_raised_the_fence_is_done() -> None:
    steps = guard_steps("seat:7", fence=5, table="inventory_db.fences")

    assert next(steps) == Statement(
        "INSERT INTO `inventory_db`.`fences` (name, fence) VALUES (%s, %s)"
        " ON DUPLICATE KEY UPDATE fence = GREATEST(fence, %s)",
        ("seat:7", 5, 5),
        reads=False,
    )
    with pytest.raises(StopIteration):
        steps.send(Answer(2))


@pytest.mark.parametrize("changed", [0, 1])
def test_a_guard_that_did_not_raise_it_looks(changed: int) -> None:
    steps = guard_steps("seat:7", fence=5)
    next(steps)

    assert steps.send(Answer(changed)) == Statement(
        "SELECT fence FROM `lock_fences` WHERE name = %s FOR UPDATE", ("seat:7",), reads=True
    )
    with pytest.raises(StaleHolderError, match="'seat:7'"):
        steps.send(Answer(1, [(6,)]))


@pytest.mark.parametrize("name", ["", "x" * 513])
def test_a_guard_wants_a_name_that_fits(name: str) -> None:
    with pytest.raises(ValueError, match="1 to 512"):
        next(guard_steps(name, fence=1))


@pytest.mark.parametrize("fence", [0, -1, 2**53])
def test_a_fence_out_of_range_is_refused(fence: int) -> None:
    with pytest.raises(ValueError, match=r"2\*\*53"):
        next(update_steps("seats", {}, {"id": 1}, fence=fence))
    with pytest.raises(ValueError, match=r"2\*\*53"):
        next(guard_steps("seat", fence=fence))
    with pytest.raises(ValueError, match=r"2\*\*53"):
        fenced.write(NEVER_ASKED, fence, "SET", "key", "value")


@pytest.mark.parametrize("fence", [True, 1.0, "5", None])
def test_a_fence_is_an_int(fence: object) -> None:
    with pytest.raises(TypeError, match="a fence is an int"):
        next(update_steps("seats", {}, {"id": 1}, fence=fence))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a fence is an int"):
        fenced.write(NEVER_ASKED, fence, "SET", "key", "value")  # type: ignore[arg-type]


@pytest.mark.parametrize("command", ["GET", "RENAME", "COPY", "MSET", "SUNIONSTORE", "BLPOP", "EVAL", "MOVE", ""])
def test_only_commands_that_write_to_one_key_are_run(command: str) -> None:
    with pytest.raises(ValueError, match="writes to exactly one key"):
        fenced.write(NEVER_ASKED, 1, command, "key", "other")


@pytest.mark.parametrize("command", ["DEL", "unlink"])
def test_several_keys_cannot_be_deleted_at_once(command: str) -> None:
    with pytest.raises(ValueError, match="several keys"):
        fenced.write(NEVER_ASKED, 1, command, "key", "other")


@pytest.mark.parametrize("ttl", [0, -1.0, 0.0004, float("nan"), float("inf")])
def test_the_time_that_a_fence_is_kept_is_a_time(ttl: float) -> None:
    with pytest.raises(ValueError, match="seconds"):
        fenced.write(NEVER_ASKED, 1, "SET", "key", "value", ttl=ttl)


def test_more_arguments_than_lua_can_pass_on_are_refused() -> None:
    with pytest.raises(ValueError, match="7,000 arguments at most, not 7,001"):
        fenced.write(NEVER_ASKED, 1, "RPUSH", "key", *["x"] * 7_001)


@pytest.mark.parametrize(
    ("key", "beside"),
    [
        ("seat:7", "{seat:7}:fence"),
        ("cart:{42}:items", "cart:{42}:items:fence"),
        ("a{b", "{a{b}:fence"),
        ("{}{x}", None),
        ("a}b", None),
        ("", None),
        (b"seat:\xff", b"{seat:\xff}:fence"),
    ],
)
def test_a_fence_is_kept_beside_its_key(key: str | bytes, beside: str | bytes | None) -> None:
    if beside is not None:
        assert fenced.fence_key(key) == beside
    else:
        with pytest.raises(ValueError, match="key"):
            fenced.fence_key(key)


@given(st.text(alphabet=st.sampled_from("ab{}:"), min_size=1, max_size=8))
@example("{a}b}")
def test_a_fence_is_kept_in_the_slot_of_its_key(key: str) -> None:
    try:
        beside = fenced.fence_key(key)
    except ValueError:
        assert "}" in key
    else:
        assert isinstance(beside, str)
        assert key_slot(beside.encode()) == key_slot(key.encode())


@pytest.mark.parametrize(("sync", "twin"), [("update", "aupdate"), ("guard", "aguard"), ("write", "awrite")])
def test_both_halves_take_the_same_arguments(sync: str, twin: str) -> None:
    parameters = [inspect.signature(getattr(fenced, name)).parameters for name in (sync, twin)]

    # The first is the cursor or client, whose type is what differs.
    plain, awaited = ([str(value) for value in list(each.values())[1:]] for each in parameters)
    assert plain == awaited


def test_the_page_shows_the_table_as_it_is() -> None:
    assert f"```sql\n{fenced.LOCK_FENCES_TABLE}```" in PAGE.read_text(encoding="utf-8")
