"""The search index (5xx)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ticketctl.errors.settings import SettingsProblem
from ticketctl.errors.tree import ExitCode, TicketctlError


class SearchIndexError(TicketctlError):
    """Root of what can go wrong with the search index."""

    code = "TKT-500"


class MappingFileError(SearchIndexError):
    """The mapping file cannot be used; all problems are reported at once.

    Attributes:
        path: The file.
        line: Line of the first problem, counted from 1.
        problems: Every problem found, in the file's order.
    """

    code = "TKT-501"
    exit_code = ExitCode.SETTINGS

    def __init__(self, path: Path, problems: Sequence[SettingsProblem], *, line: int) -> None:
        self.path = path
        self.line = line
        self.problems = tuple(problems)
        super().__init__(
            f"the mapping file {path} cannot be used",
            why="\n".join(str(problem) for problem in self.problems),
            next_step="correct the lines above",
        )


class IndexConflictError(SearchIndexError):
    """The alias's name is taken by something that ticketctl did not make."""

    code = "TKT-502"


class MappingChangedError(SearchIndexError):
    """The mapping file changed while the index holds documents that would have to be carried over.

    Attributes:
        index: The index that the alias points at.
        documents: How many documents it holds, None when not all of it answers.
    """

    code = "TKT-503"

    def __init__(self, what: str, *, index: str, documents: int | None, why: str = "", next_step: str = "") -> None:
        self.index = index
        self.documents = documents
        super().__init__(what, why=why, next_step=next_step)
