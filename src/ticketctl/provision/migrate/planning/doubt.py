"""The refusals to go on, in words that tell the reader what to do (pure)."""

from __future__ import annotations

from collections.abc import Sequence

from ticketctl.errors import MigrationEditedError, MigrationInDoubtError, MigrationLateError, YoyoLedgerError
from ticketctl.provision.migrate.planning.assess import WAS_EMPTY, Assessment
from ticketctl.provision.migrate.planning.mark import Mark
from ticketctl.provision.migrate.record.history import Direction, Record
from ticketctl.provision.migrate.record.ledger import Ledger
from ticketctl.provision.migrate.source.files import Migration, SqlFile
from ticketctl.provision.migrate.syntax.lexer import Statement, TokenKind
from ticketctl.provision.migrate.syntax.statements import excerpt


def edited_error(
    key: str, database: str, file: SqlFile, found: Assessment, direction: Direction = "apply"
) -> MigrationEditedError:
    """Return the error for a file whose executed part has changed.

    Args:
        key: Key of the database in the settings.
        database: Its name on the server.
        file: The migration's file.
        found: What was found.
        direction: Whether the file applies or undoes.
    """
    line = f":{file.statements[found.mark.at - 1].line}" if 0 < found.mark.at <= len(file.statements) else ""
    name = found.migration
    if direction == "rollback":
        return MigrationEditedError(
            f"{file.path}{line} was edited after part of it was executed in {database}",
            why=f"{found.detail}; executing it again would not bring the database to what the file says now",
            next_step=f"restore what was executed; or, if the database is already as the file says up to there, "
            f"`ticketctl migrate repair {key} --accept-edit {name}`",
        )
    if found.detail == WAS_EMPTY:
        return MigrationEditedError(
            f"{file.path} was written after it was applied to {database}",
            why=f"{WAS_EMPTY}, so that nothing was done",
            next_step=f"`ticketctl migrate repair {key} --unmark {name}`, then the same command again",
        )
    return MigrationEditedError(
        f"{file.path}{line} was edited after it was applied to {database}",
        why=f"{found.detail}; executing it again would not bring the database to what the file says now",
        next_step=f"`ticketctl migrate diff {key} {name}` shows what changed. Restore the file and put the change into "
        f"a new migration; or, if the database is already as the file says, "
        f"`ticketctl migrate repair {key} --accept-edit {name}`",
    )


def in_doubt_error(key: str, database: str, name: str, file: SqlFile, mark: Mark) -> MigrationInDoubtError:
    """Return the error for a statement whose outcome cannot be told.

    Args:
        key: Key of the database in the settings.
        database: Its name on the server.
        name: Name of the migration.
        file: The file that was executed.
        mark: Where it stopped.
    """
    statement = file.statements[mark.at - 1] if mark.at <= len(file.statements) else None
    where = f"{file.path}:{statement.line}" if statement else str(file.path)
    text = f"{mark.why}\n{excerpt(statement)}" if statement else mark.why
    again = f"  ticketctl migrate repair {key} --not-landed {name}"
    if mark.problem == "lost":
        return MigrationInDoubtError(
            f"{where}: what statement {mark.at} made in {database} is gone",
            why=text,
            next_step=f"to execute the file from statement {mark.at} on again, run\n{again}\n"
            "and then the command again",
        )
    look = look_at(statement) if statement else "what the file once named"
    return MigrationInDoubtError(
        f"{where}: nobody knows whether statement {mark.at} landed in {database}",
        why=text,
        next_step=f"look at the database ({look}). If the statement has done its work, run\n"
        f"  ticketctl migrate repair {key} --landed {name}\nif it has not, run\n{again}\nand then the command again",
    )


def refuse_yoyo_at_work(database: str, ledger: Ledger) -> None:
    """Raise if yoyo holds its lock.

    Args:
        database: Name of the database on the server.
        ledger: What yoyo's tables say.

    Raises:
        YoyoLedgerError: It does.
    """
    if ledger.locked_by is None:
        return
    since = f" since {ledger.locked_by.since:%Y-%m-%d %H:%M:%S} UTC" if ledger.locked_by.since else ""
    raise YoyoLedgerError(
        f"yoyo is at work in {database}",
        why=f"its lock is held by process {ledger.locked_by.pid}{since}; a yoyo that was killed leaves it behind",
        next_step="wait for yoyo to finish; if it no longer runs anywhere, `yoyo break-lock` removes the lock",
    )


def refuse_lost_files(key: str, database: str, without_file: Sequence[Record]) -> None:
    """Raise if a migration stopped in the middle whose file is gone.

    Args:
        key: Key of the database in the settings.
        database: Its name on the server.
        without_file: What is recorded of migrations whose files are gone.

    Raises:
        MigrationInDoubtError: One did.
    """
    for record in without_file:
        if record.state != "applied":
            raise MigrationInDoubtError(
                f"{record.name} stopped in the middle in {database}, and its file is gone",
                why="what is left of it cannot be executed, and what comes after it may need it",
                next_step="check out the version that has the file and run the command again; or undo by hand what "
                f"it has done (`ticketctl migrate diff {key} {record.name}` shows its text), and then run\n"
                f"  ticketctl migrate repair {key} --unmark {record.name}",
            )


def undone_error(key: str, database: str, file: SqlFile, found: Assessment) -> YoyoLedgerError:
    """Return the error for a migration that yoyo has undone behind the journal.

    Args:
        key: Key of the database in the settings.
        database: Its name on the server.
        file: The migration's file.
        found: What was found.
    """
    name = found.migration
    return YoyoLedgerError(
        f"{file.path} was applied to {database}, and then rolled back or unmarked by yoyo",
        why="the journal has it as applied, yoyo's ledger does not",
        next_step=f"if its work is undone, run\n  ticketctl migrate repair {key} --unmark {name}\n"
        f"if it is still there, run\n  ticketctl migrate repair {key} --mark {name}\nand then the command again",
    )


def late_error(key: str, database: str, migration: Migration, behind: str) -> MigrationLateError:
    """Return the error for a pending migration that belongs before an applied one.

    Args:
        key: Key of the database in the settings.
        database: Its name on the server.
        migration: The late one.
        behind: The last applied one.
    """
    return MigrationLateError(
        f"{migration.up.path} comes late: {behind} is applied to {database} already",
        migration=migration.name,
        behind=behind,
        why=f"on a new database {migration.name} would run first, so the two could end up different",
        next_step=f"rename it so that it comes after {behind}; or, if the order does not matter to it, write "
        f"`-- ticketctl: allow-late` at its top, or run `ticketctl migrate apply --only {key} --allow-late` once",
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
