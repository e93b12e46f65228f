"""`ticketctl migrate`: the schemas of the databases."""

from ticketctl.cli.migrate import apply, look, rollback
from ticketctl.cli.migrate.group import app

__all__ = ["app", "apply", "look", "rollback"]
