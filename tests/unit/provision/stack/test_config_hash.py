from pathlib import Path

import pytest

from projects import project_of
from ticketctl.provision.stack.config_hash import config_hashes
from ticketctl.provision.stack.definition.compose_model import compose_model

ENV = {"TICKETCTL_HASH_KEY": "k", "SERVICE_BOOKING_PASSWORD": "p", "REDIS_PORT": "20010"}


def changed(tmp_path: Path, before: dict[str, str], after: dict[str, str], **settings: str) -> set[str]:
    """Names of the services whose hash differs."""
    old = config_hashes(compose_model(project_of(tmp_path).settings), before)
    new = config_hashes(compose_model(project_of(tmp_path, **settings).settings), after)
    return {name for name in old if old[name] != new[name]}


@pytest.mark.parametrize(
    ("variable", "value", "services"),
    [
        ("REDIS_PORT", "20011", {"redis"}),
        ("MYSQL_IMAGE", "mysql:9.8", {"mysql"}),
        ("SERVICE_IMAGE", "x", {"elasticsearch-setup", "api-gateway", "booking", "indexer", "search"}),
        ("SERVICE_BOOKING_PASSWORD", "q", {"mysql", "redis", "booking"}),
        ("TICKETCTL_HASH_REDIS", "x", set()),
        ("UNKNOWN", "x", set()),
    ],
)
def test_a_change_of_env_changes_those_that_use_it(
    tmp_path: Path, variable: str, value: str, services: set[str]
) -> None:
    assert changed(tmp_path, ENV, {**ENV, variable: value}) == services


def test_a_default_and_the_same_value_written_out_are_equal(tmp_path: Path) -> None:
    assert changed(tmp_path, ENV, {**ENV, "MYSQL_IMAGE": "mysql:9.7", "MYSQL_PORT": ""}) == set()


def test_a_change_of_the_settings_changes_those_that_have_it(tmp_path: Path) -> None:
    assert changed(tmp_path, ENV, ENV, limits="{redis: 300m}") == {"redis"}
    assert changed(tmp_path, ENV, ENV, search="{alias: other}") == {"elasticsearch-setup", "indexer", "search"}


def test_passwords_enter_keyed(tmp_path: Path) -> None:
    assert "booking" in changed(tmp_path, ENV, {**ENV, "TICKETCTL_HASH_KEY": "other"})
    assert "api-gateway" not in changed(tmp_path, ENV, {**ENV, "TICKETCTL_HASH_KEY": "other"})
