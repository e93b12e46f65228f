"""What a type checker can know of the library, which callers check their own code against."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from ticketctl import locks


def test_no_type_of_the_locks_is_unknown(tmp_path: Path) -> None:
    # in a folder of its own: within the project it would take the package for a part of the caller's program
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--verifytypes", "ticketctl.locks", "--ignoreexternal", "--outputjson"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
    )

    seen = json.loads(done.stdout)["typeCompleteness"]["symbols"]

    assert {f"ticketctl.locks.{name}" for name in locks.__all__} <= {symbol["name"] for symbol in seen}
    assert [
        f"{symbol['name']}: {'; '.join(found['message'] for found in symbol['diagnostics'])}"
        for symbol in seen
        if not symbol["isTypeKnown"] and not symbol["isTypeAmbiguous"]
    ] == []
