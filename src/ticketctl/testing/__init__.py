"""Databases for the tests of a service, migrated and thrown away: a pytest plugin.

It is asked for, in the `conftest.py` of a test suite, and loads nothing into the runs of others:

    pytest_plugins = ["ticketctl.testing"]

`docs/howto/test-with-migrations.md` shows what it gives.
"""

from ticketctl.testing.databases import MigratedDatabase, ThrowAwayDatabases
from ticketctl.testing.plugin import DatabaseFactory, migrated_database, migrated_databases, pytest_addoption

__all__ = [
    "DatabaseFactory",
    "MigratedDatabase",
    "ThrowAwayDatabases",
    "migrated_database",
    "migrated_databases",
    "pytest_addoption",
]
