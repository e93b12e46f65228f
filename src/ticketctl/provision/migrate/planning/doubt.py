"""The two refusals to go on, in words that tell the reader what to do (pure)."""

from __future__ import annotations

from ticketctl.errors import MigrationEditedError, MigrationInDoubtError
from ticketctl.infra.mysql import quote_identifier
from ticketctl.provision.migrate.planning.assess import Assessment
from ticketctl.provision.migrate.planning.mark import Mark
from ticketctl.provision.migrate.record.history import Direction
from ticketctl.provision.migrate.source.files import SqlFile
from ticketctl.provision.migrate.syntax.lexer import Statement, TokenKind
from ticketctl.provision.migrate.syntax.statements import excerpt


def edited_error(database: str, file: SqlFile, found: Assessment) -> MigrationEditedError:
    """Return the error for a file whose executed part has changed.

    Args:
        database: Name of the database.
        file: The migration's file.
        found: What was found.
    """
    line = f":{file.statements[found.mark.at - 1].line}" if 0 < found.mark.at <= len(file.statements) else ""
    return MigrationEditedError(
        f"{file.path}{line} was edited after it was applied to {database}",
        why=f"{found.detail}; executing it again would not bring the database to what the file says now",
        next_step=f"restore the file (`git log -p -- {file.path}`) and put the change into a new migration; "
        f"the applied text is in {quote_identifier(database)}.ticketctl_migration.sql_text",
    )


def in_doubt_error(database: str, name: str, file: SqlFile, mark: Mark, direction: Direction) -> MigrationInDoubtError:
    """Return the error for a statement whose outcome cannot be told.

    Args:
        database: Name of the database.
        name: Name of the migration.
        file: The file that was executed.
        mark: Where it stopped.
        direction: Whether it was applied or rolled back.
    """
    statement = file.statements[mark.at - 1] if mark.at <= len(file.statements) else None
    where = f"{file.path}:{statement.line}" if statement else str(file.path)
    text = f"{mark.why}\n{excerpt(statement)}" if statement else mark.why
    # Text for a person, who executes it after having looked; ticketctl never does.
    table = f"{quote_identifier(database)}.ticketctl_migration_statement"
    row = f"WHERE migration = {_literal(name)} AND direction = '{direction}' AND position"
    done = f"  UPDATE {table} SET state = 'done' {row} = {mark.at};"  # noqa: S608
    again = f"  DELETE FROM {table} {row} >= {mark.at};"  # noqa: S608
    if mark.problem == "lost":
        next_step = f"to execute it from statement {mark.at} on again, run\n{again}\nand then the command again"
    else:
        look = look_at(statement) if statement else "what the file once named"
        next_step = (
            f"look at the database ({look}). If the statement has done its work, run\n{done}\n"
            f"if it has not, run\n{again}\nand then the command again"
        )
    return MigrationInDoubtError(
        f"{where}: nobody knows whether statement {mark.at} landed in {database}"
        if mark.problem != "lost"
        else f"{where}: what statement {mark.at} made in {database} is gone",
        why=text,
        next_step=next_step,
    )


def look_at(statement: Statement) -> str:
    """Return where to look for the work of a statement, as SQL where that is possible.

    Args:
        statement: Any statement.
    """
    tokens = statement.tokens
    said = [token.text.upper() if token.kind is TokenKind.WORD else "" for token in tokens]
    if said[0] in ("CREATE", "ALTER", "DROP", "TRUNCATE", "RENAME"):
        for word, show in (("TABLE", "SHOW CREATE TABLE"), ("VIEW", "SHOW CREATE VIEW"), ("ON", "SHOW CREATE TABLE")):
            if word not in said:
                continue
            place = said.index(word) + 1
            while place < len(said) and said[place] in ("IF", "NOT", "EXISTS"):
                place += 1
            if place < len(tokens):
                return f"{show} {tokens[place].text}"
    return "the objects that it names"


def _literal(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
