from __future__ import annotations

import pytest

from ticketctl.errors import SettingsError
from ticketctl.settings.endpoints import MysqlEndpoint
from ticketctl.settings.mysql_url import mysql_url, parse_mysql_url
from ticketctl.settings.secret import Secret

FULL = MysqlEndpoint("db.example", 3307, "migrate", Secret("p@ss/word"), "orders")


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("mysql://migrate:p%40ss%2Fword@db.example:3307/orders", FULL),
        ("mysql+pymysql://migrate:p%40ss%2Fword@db.example:3307/orders?charset=utf8mb4", FULL),
        ("mysql://root@localhost", MysqlEndpoint("localhost", 3306, "root", Secret(""))),
        ("mysql://root:@localhost/", MysqlEndpoint("localhost", 3306, "root", Secret(""))),
        ("mysql://u:p@[::1]:3310/caf%C3%A9", MysqlEndpoint("::1", 3310, "u", Secret("p"), "café")),
        (
            "mysql://u:p@h/d?connect_timeout=0.5",
            MysqlEndpoint("h", 3306, "u", Secret("p"), "d", connect_timeout=0.5),
        ),
    ],
)
def test_a_url_names_an_endpoint(url: str, endpoint: MysqlEndpoint) -> None:
    assert parse_mysql_url(url) == endpoint


def test_a_password_given_apart_comes_first() -> None:
    assert parse_mysql_url("mysql://u:old@h/d", Secret("new")).password == Secret("new")


@pytest.mark.parametrize("endpoint", [FULL, MysqlEndpoint("::1", 3306, "a:b", Secret("%#?"), "café`x")])
def test_an_endpoint_is_the_same_after_its_url(endpoint: MysqlEndpoint) -> None:
    assert parse_mysql_url(mysql_url(endpoint)) == endpoint


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "of the form"),
        ("orders_test", "of the form"),
        ("postgresql://u:hidden@h/d", "of the form"),
        ("mysql://u:hidden@h/d#x", "of the form"),
        ("mysql://:hidden@h/d", "names no account"),
        ("mysql://u:hidden@/d", "names no host"),
        ("mysql://u:hid/den@h:3306/d", "cannot be read"),
        ("mysql://u:hidden@h:none/d", "cannot be read"),
        ("mysql://u:hidden@[::1/d", "cannot be read"),
        ("mysql://u:hidden@h/d/e", "not the name of one database"),
        (f"mysql://u:hidden@h/{'d' * 65}", "not the name of one database"),
        ("mysql://u:hidden@h/d?ssl_ca=/x", "'ssl_ca'"),
        ("mysql://u:hidden@h/d?charset=latin1", "'charset'"),
        ("mysql://u:hidden@h/d?connect_timeout=soon", "'connect_timeout'"),
    ],
)
def test_what_is_no_such_url_is_refused_without_repeating_it(url: str, why: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_mysql_url(url, where="HERE")

    assert why in str(caught.value)
    assert "HERE" in str(caught.value)
    assert "hid" not in str(caught.value)
    assert caught.value.__cause__ is None
