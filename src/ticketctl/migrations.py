"""Migrate a database from a program: the names that stay as they are.

    from ticketctl.migrations import Migrator

    Migrator("mysql://user:password@127.0.0.1:3306/orders_test", "migrations/orders").apply()

Errors are in `ticketctl.errors`, progress events in `ticketctl.events`. The import loads no driver.
"""

from ticketctl.provision.migrate.execution.limits import Limits, LockWait
from ticketctl.provision.migrate.migrator import Migrator
from ticketctl.provision.migrate.options import Options
from ticketctl.provision.migrate.planning.baseline_plan import BaselinePlan, BaselineResult
from ticketctl.provision.migrate.planning.plan import DatabasePlan, PlannedStatement, Step
from ticketctl.provision.migrate.planning.repair_plan import RepairAction, RepairPlan, Repairs
from ticketctl.provision.migrate.planning.results import (
    AppliedMigration,
    DatabaseResult,
    DatabaseStatus,
    MigrationStatus,
)
from ticketctl.provision.migrate.planning.rollback_plan import LostRows, RollbackPlan
from ticketctl.provision.migrate.planning.verification import DatabaseVerification, Wrong
from ticketctl.settings.endpoints import MysqlEndpoint
from ticketctl.settings.secret import Secret

__all__ = [
    "AppliedMigration",
    "BaselinePlan",
    "BaselineResult",
    "DatabasePlan",
    "DatabaseResult",
    "DatabaseStatus",
    "DatabaseVerification",
    "Limits",
    "LockWait",
    "LostRows",
    "MigrationStatus",
    "Migrator",
    "MysqlEndpoint",
    "Options",
    "PlannedStatement",
    "RepairAction",
    "RepairPlan",
    "Repairs",
    "RollbackPlan",
    "Secret",
    "Step",
    "Wrong",
]
