"""The lower bound: a process that sends the statements of a folder's files over one connection, and notes nothing.

Usage: BARE_PASSWORD=… python bare_ddl.py FOLDER HOST PORT USER DATABASE
"""

from __future__ import annotations

import os
import ssl
import sys
from pathlib import Path

import pymysql


def main() -> None:
    """Send the statements."""
    folder, host, port, user, database = sys.argv[1:]
    # The context is built without the machine's certificates, as ticketctl does it: that is 38 ms less.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    password = os.environ["BARE_PASSWORD"]
    connection = pymysql.connect(
        host=host, port=int(port), user=user, password=password, database=database, autocommit=True, ssl=context
    )
    with connection, connection.cursor() as cursor:
        for path in sorted(Path(folder).glob("*.sql")):
            for statement in path.read_text(encoding="utf-8").split(";\n"):
                if statement:
                    cursor.execute(statement)


if __name__ == "__main__":
    main()
