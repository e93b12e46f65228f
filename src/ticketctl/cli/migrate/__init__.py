"""`ticketctl migrate`: the schemas of the databases."""

from ticketctl.cli.migrate import apply, baseline, diff, look, new, repair, rollback
from ticketctl.cli.migrate.group import app

__all__ = ["app", "apply", "baseline", "diff", "look", "new", "repair", "rollback"]
