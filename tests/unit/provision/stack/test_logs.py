import pytest

from ticketctl.provision.stack.logs import LogLine, parse_line


@pytest.mark.parametrize(
    ("line", "parsed"),
    [
        ("booking-1          | ready", LogLine("booking", "ready")),
        ("payment-adapter-1  | a | b", LogLine("payment-adapter", "a | b")),
        ("redis-1  |   indented", LogLine("redis", "  indented")),
        ("redis-1  | ", LogLine("redis", "")),
        ("time=x level=warning | odd", LogLine("", "time=x level=warning | odd")),
        ("no such thing", LogLine("", "no such thing")),
    ],
)
def test_a_line_belongs_to_its_service(line: str, parsed: LogLine) -> None:
    assert parse_line(line) == parsed
