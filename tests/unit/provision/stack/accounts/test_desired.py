from pathlib import Path

import pytest

from projects import project_of
from ticketctl.provision.stack.accounts.desired import desired_accounts
from ticketctl.provision.stack.accounts.model import Grant, database_pattern, quote_text
from ticketctl.settings.model import Project


def statements(project: Project, server: int = 0) -> dict[str, tuple[str, ...]]:
    accounts = desired_accounts(project.settings).mysql[server].accounts
    return {account.name: account.grant_statements() for account in accounts}


def test_a_service_may_read_and_write_its_own_databases_and_nothing_else(tmp_path: Path) -> None:
    grants = statements(project_of(tmp_path))

    assert grants["booking"] == (r"GRANT SELECT, INSERT, UPDATE, DELETE ON `bookings\_db`.* TO 'booking'@'%'",)
    assert "search" not in grants
    assert "api_gateway" not in grants


def test_the_migration_account_has_its_databases_the_scratch_schemas_and_what_shows_locks(tmp_path: Path) -> None:
    assert statements(project_of(tmp_path))["ticketctl_migrate"] == (
        "GRANT PROCESS ON *.* TO 'ticketctl_migrate'@'%'",
        r"GRANT ALL PRIVILEGES ON `events\_db`.* TO 'ticketctl_migrate'@'%'",
        r"GRANT ALL PRIVILEGES ON `bookings\_db`.* TO 'ticketctl_migrate'@'%'",
        r"GRANT ALL PRIVILEGES ON `ticketctl\_scratch\_%`.* TO 'ticketctl_migrate'@'%'",
        "GRANT SELECT ON `performance_schema`.`threads` TO 'ticketctl_migrate'@'%'",
        "GRANT SELECT ON `performance_schema`.`metadata_locks` TO 'ticketctl_migrate'@'%'",
        "GRANT SELECT ON `performance_schema`.`events_stages_current` TO 'ticketctl_migrate'@'%'",
        "GRANT SELECT ON `performance_schema`.`events_statements_current` TO 'ticketctl_migrate'@'%'",
    )


def test_split_topology_puts_each_account_on_the_servers_of_its_databases(tmp_path: Path) -> None:
    project = project_of(tmp_path, mysql="{topology: split}")
    wanted = desired_accounts(project.settings)

    assert [server.service for server in wanted.mysql] == ["mysql-events", "mysql-bookings"]
    assert set(statements(project, 0)) == {"ticketctl_health", "ticketctl_migrate", "indexer"}
    assert set(statements(project, 1)) == {"ticketctl_health", "ticketctl_migrate", "booking"}


def test_redis_accounts_follow_the_dependencies(tmp_path: Path) -> None:
    rules = {account.name: account.rules for account in desired_accounts(project_of(tmp_path).settings).redis}

    assert list(rules) == ["ticketctl", "ticketctl_health", "booking", "search"]
    assert rules["ticketctl_health"][-2:] == ("-@all", "+ping")
    assert rules["booking"][-3:] == ("-@admin", "-@dangerous", "+info")


def test_only_the_service_that_writes_the_index_may(tmp_path: Path) -> None:
    accounts = {a.name: a for a in desired_accounts(project_of(tmp_path).settings).elasticsearch}

    assert list(accounts) == ["ticketctl_index", "indexer", "search"]
    assert accounts["indexer"].role.index_privileges == ("read", "write", "view_index_metadata")
    assert accounts["search"].role.index_privileges == ("read", "view_index_metadata")
    assert accounts["search"].role.indices == ("events", "events_v*")


def test_every_account_is_given_a_password_variable(tmp_path: Path) -> None:
    wanted = desired_accounts(project_of(tmp_path).settings)

    assert wanted.password_variables("mysql") == (
        "HEALTH_PASSWORD",
        "MIGRATION_PASSWORD",
        "SERVICE_BOOKING_PASSWORD",
        "SERVICE_INDEXER_PASSWORD",
    )
    assert wanted.password_variables("redis")[0] == "REDIS_PASSWORD"
    assert "SERVICE_SEARCH_PASSWORD" in wanted.password_variables("elasticsearch")


def test_names_are_quoted() -> None:
    assert Grant(("SELECT",), database_pattern("a`b_c%")).scope == r"`a``b\_c\%`.*"
    assert quote_text("it's") == "'it''s'"
    with pytest.raises(ValueError, match="backslash"):
        quote_text("a\\")
