"""`ticketctl migrate`: the schemas of the databases."""

from ticketctl.cli.migrate import apply, diff, look, new, repair, rollback
from ticketctl.cli.migrate.group import app

__all__ = ["app", "apply", "diff", "look", "new", "repair", "rollback"]
