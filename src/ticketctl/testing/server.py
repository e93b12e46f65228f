"""Which MySQL server tests use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ticketctl.errors import ProjectNotFoundError
from ticketctl.settings.endpoints import MysqlEndpoint
from ticketctl.settings.mysql_url import parse_mysql_url

VARIABLE = "TICKETCTL_TEST_MYSQL_URL"
INI_OPTION = "ticketctl_test_mysql_url"

_WAYS = (
    "one of these: run the tests in a ticketctl project whose stack is up (`ticketctl up`); set "
    f"{VARIABLE}=mysql://user:password@host:port; or set {INI_OPTION} in the settings of pytest"
)


def find_server(folder: Path, environ: Mapping[str, str], ini_url: str = "") -> MysqlEndpoint:
    """Return the server to test on: what is said comes before what is found.

    Args:
        folder: Folder in which, or above which, a `ticketctl.yaml` may be.
        environ: The environment; `TICKETCTL_TEST_MYSQL_URL` comes first.
        ini_url: What the settings of pytest say, empty for nothing; it comes second.

    Returns:
        The server without a database: the one that was named, else that of the project's first database.

    Raises:
        SettingsError: The URL, or the project's settings, cannot be read.
        ProjectNotFoundError: Nothing is said, and there is no project.
        EnvFileError: There is a project, and its stack was never up.
    """
    for where, url in ((VARIABLE, environ.get(VARIABLE, "")), (INI_OPTION, ini_url)):
        if url:
            return replace(parse_mysql_url(url, where=where), database=None)
    return replace(_of_project(folder, environ), database=None)


def _of_project(folder: Path, environ: Mapping[str, str]) -> MysqlEndpoint:
    from ticketctl.provision.bootstrap import endpoints_of
    from ticketctl.settings.loader import find_project_file, load_project

    try:
        file = find_project_file(folder, environ)
    except ProjectNotFoundError as error:
        raise ProjectNotFoundError("no MySQL server is known to test with", why=error.what, next_step=_WAYS) from error
    return next(iter(endpoints_of(load_project(file, environ)).mysql.values()))
