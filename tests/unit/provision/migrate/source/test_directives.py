"""Directives in the leading comments: yoyo's as yoyo reads them, ours beside them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ticketctl.provision.migrate.source.directives import (
    DirectiveError,
    Directives,
    line_of_dependency,
    may_have_directives,
    parse_directives,
)


def refused(text: str) -> DirectiveError:
    with pytest.raises(DirectiveError) as raised:
        parse_directives(text)
    return raised.value


@pytest.mark.parametrize("line", ["allow-late, allow-copy", "allow-copy allow-late", " allow-late,allow-copy ,\r"])
def test_options_are_separated_by_commas_or_blanks(line: str) -> None:
    expected = Directives(allows_late=True, allows_copy=True)
    assert parse_directives(f"-- ticketctl:{line}\nSELECT 1;") == expected


def test_options_may_stand_on_several_lines_among_others() -> None:
    text = (
        "-- about\n-- depends: a b\n\n  --ticketctl : allow-copy\n-- depends: b c\nSELECT 1;\n-- ticketctl: allow-late"
    )
    assert parse_directives(text) == Directives(("a", "b", "c"), allows_copy=True)


def test_an_unknown_option_is_refused_with_the_one_meant() -> None:
    error = refused("-- about\n-- ticketctl: allow-copy, alow-late\n")
    assert error.line == 2
    assert "alow-late" in error.what
    assert "'allow-late'" in error.why
    assert "allow-late and allow-copy" in refused("-- ticketctl: whatever\n").why


def test_no_option_is_refused() -> None:
    assert refused("-- ticketctl:\nSELECT 1;").line == 1


def test_a_transaction_cannot_be_had() -> None:
    assert parse_directives("-- transactional: FALSE\n") == Directives()
    assert refused("\n-- transactional: true\n").line == 2


@pytest.mark.parametrize(
    "text", ["SELECT 1;\n-- depends: a\n", "/* c */\n-- depends: a\n", "--depend: a\n", "# depends: a"]
)
def test_what_is_no_leading_directive_is_none(text: str) -> None:
    assert parse_directives(text) == Directives()


def test_the_line_of_a_dependency() -> None:
    text = "-- depends: a\n\n-- depends: b c\n"
    assert [line_of_dependency(text, name) for name in "acd"] == [1, 3, 0]


lines = st.one_of(
    st.sampled_from(
        [
            "-- depends: a b",
            "--depends:c",
            "  --  depends :  d  ",
            "-- transactional: false",
            "-- ticketctl: allow-late",
            "-- ticketctl: allow-copy, allow-late",
            "-- Depends: x",
            "-- depends on: x",
            "--",
            "",
            "   ",
            "SELECT 1;",
            "/* depends: y */",
            "-- a comment; with the end of a statement",
            "--\u00a0depends: nbsp",
        ]
    ),
    st.text(" -:ab\t", max_size=6).map(lambda text: f"-- {text}"),
)


@given(st.lists(lines, max_size=8), st.sampled_from(["\n", "\r\n"]), st.booleans())
@settings(max_examples=300, deadline=None)
def test_yoyo_reads_the_same_dependencies_and_takes_ours_for_comments(
    written: list[str], line_end: str, ends_with_one: bool
) -> None:
    from yoyo.migrations import parse_metadata_from_sql_comments

    text = line_end.join(written) + (line_end if ends_with_one else "")
    directives, comment, sql = parse_metadata_from_sql_comments(text)
    found = parse_directives(text)
    assert set(found.depends) == set(directives.get("depends", "").split())
    assert ("allow-late" in comment) == found.allows_late
    assert ("allow-copy" in comment) == found.allows_copy
    assert set(directives) <= {"depends", "transactional"}
    assert "ticketctl" not in sql or "SELECT" in sql or "/*" in sql
    assert found == Directives() or may_have_directives(text.encode())
