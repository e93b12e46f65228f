import os
from pathlib import Path

import pytest

from ticketctl.errors import EnvFileError
from ticketctl.provision.stack.env_file import EnvFile, parse_env, quoted, read_env, write_env
from ticketctl.provision.stack.variables import EnvSection

PATH = Path("/project/compose/.env")
SECTIONS = (EnvSection("Ports", ("A_PORT", "B_PORT", "C_PORT")), EnvSection("Secrets", ("A_PASSWORD",)))


def values(text: str) -> dict[str, str]:
    return dict(parse_env(PATH, text).values)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("plain", "plain"),
        ("  spaced  ", "spaced"),
        ("", ""),
        ("a # comment", "a"),
        ("a#b", "a#b"),
        ("# no comment", "# no comment"),
        ("a\t#b", "a\t#b"),
        ("a\"b'c\\n", "a\"b'c\\n"),
        ("'si$ngle # \"x'", 'si$ngle # "x'),
        (r'"dou\"ble \$x \\ y" # note', r'dou"ble $x \ y'),
        (r'"a\nb"', "a\nb"),
        (r'"\q\\n"', r"\q\n"),
        ("'quoted' # note", "quoted"),
        (r"'it\'s \n \\'", r"it's \n \\"),
    ],
)
def test_values_are_read_as_compose_reads_them(written: str, value: str) -> None:
    assert values(f"KEY={written}\n") == {"KEY": value}


def test_comments_blank_lines_export_and_line_ends_are_accepted() -> None:
    assert values("\ufeff# c\r\n\r\nexport A=1\r\n  B = 2\r\n") == {"A": "1", "B": "2"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A=1\nnonsense\n", ".env:2 is not KEY=value"),
        ("A=1\nB=2\nA=3\n", ".env:3 sets A again, after line 1"),
        ("A='open\n", ".env:1 has a quote that does not end"),
        ('A="open\n', ".env:1 has a quote that does not end"),
        ("A=pa$word\n", ".env:1 has a $"),
        ('A="pa$word"\n', ".env:1 has a $"),
        ('A="\\0101"\n', ".env:1 has a $"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(text: str, message: str) -> None:
    with pytest.raises(EnvFileError) as raised:
        values(text)
    assert message in raised.value.what
    assert raised.value.next_step


def test_the_line_s_content_is_not_shown() -> None:
    with pytest.raises(EnvFileError) as raised:
        values("hunter2\n")
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    "value", ["", "abc", "a b", "a'b", 'a"b', "a$b", "a'b$c\\d\"e", "#x", "ä", "a\\nb", "{{x}}", "ends\\", "'\\"]
)
def test_what_is_written_is_read_back(value: str) -> None:
    assert values(f"KEY={quoted(value)}\n") == {"KEY": value}


def test_a_value_of_two_lines_is_refused() -> None:
    with pytest.raises(ValueError, match="one line"):
        quoted("a\nb")


def test_a_newer_layout_is_refused() -> None:
    with pytest.raises(EnvFileError, match="newer ticketctl"):
        values("ENV_VERSION=2\n")


def test_a_version_that_is_no_number_is_refused() -> None:
    with pytest.raises(EnvFileError, match="not a number"):
        values("ENV_VERSION=new\n")


def test_a_change_keeps_every_other_line() -> None:
    file = parse_env(PATH, "# mine\nMINE='x'   # why\n\nA_PORT=1\n# end\n")

    changed = file.with_values({"A_PORT": "2"}, SECTIONS)

    assert changed.lines == ("# mine", "MINE='x'   # why", "", "A_PORT=2", "# end")
    assert changed.values == {"MINE": "x", "A_PORT": "2"}


def test_a_new_variable_is_put_where_it_belongs() -> None:
    file = parse_env(PATH, "A_PORT=1\nC_PORT=3\n\nA_PASSWORD=x\n")

    assert file.with_values({"B_PORT": "2"}, SECTIONS).lines == ("A_PORT=1", "B_PORT=2", "C_PORT=3", "", "A_PASSWORD=x")
    assert parse_env(PATH, "B_PORT=2\n").with_values({"A_PORT": "1"}, SECTIONS).lines == ("A_PORT=1", "B_PORT=2")
    assert parse_env(PATH, "").with_values({"A_PASSWORD": "x"}, SECTIONS).lines == ("# Secrets", "A_PASSWORD=x")
    assert parse_env(PATH, "").with_values({"OTHER": "x"}, SECTIONS).lines == ("OTHER=x",)


def test_a_copied_example_loses_the_line_that_calls_it_generated() -> None:
    file = parse_env(PATH, "# generated from ticketctl.yaml by ticketctl 1, content sha256:0\n# hello\n")

    assert file.with_values({}).lines == ("# hello",)


def test_the_file_on_disk_is_private_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "compose" / ".env"
    old = os.umask(0)
    try:
        write_env(EnvFile(path, ("A=1",), {"A": "1"}))
    finally:
        os.umask(old)

    assert path.stat().st_mode & 0o777 == 0o600
    read = read_env(path)
    assert read is not None
    assert (read.values, read.too_open) == ({"A": "1"}, False)


def test_no_file_is_no_error(tmp_path: Path) -> None:
    assert read_env(tmp_path / ".env") is None


def test_a_file_that_others_may_read_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("A=1\n")
    path.chmod(0o640)

    read = read_env(path)
    assert read is not None
    assert read.too_open


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(b"A=\xff\n")
    with pytest.raises(EnvFileError, match="cannot be read"):
        read_env(path)
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(EnvFileError, match="cannot be read"):
        read_env(folder)


def test_what_is_missing_or_wrong_is_said_when_it_is_needed() -> None:
    file = parse_env(PATH, "A_PORT=x\nB_PORT=70000\nEMPTY=\n")

    with pytest.raises(EnvFileError, match="has no C_PORT"):
        file.port("C_PORT")
    with pytest.raises(EnvFileError, match="has no EMPTY"):
        file.secret("EMPTY")
    for variable in ("A_PORT", "B_PORT"):
        with pytest.raises(EnvFileError, match=f"{variable} is not a port"):
            file.port(variable)


def test_its_repr_shows_no_value() -> None:
    assert "hunter2" not in repr(parse_env(PATH, "A_PASSWORD=hunter2\n"))
