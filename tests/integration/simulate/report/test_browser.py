"""The browser of the tests itself: nothing of it is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from browser import browser
from integration.simulate.report.opened import PHONE

pytestmark = pytest.mark.integration


def test_a_browser_leaves_nothing_when_a_test_fails() -> None:
    folders: list[Path] = []

    def fails() -> None:
        with browser(*PHONE) as opened:
            folders.append(Path(opened.driver.capabilities["chrome"]["userDataDir"]).parent)
            assert folders[0].is_dir()
            raise RuntimeError("as a test does")

    with pytest.raises(RuntimeError, match="as a test does"):
        fails()
    assert not folders[0].exists()
    assert not [each for each in Path("/proc").glob("[0-9]*/cmdline") if str(folders[0]).encode() in _read(each)]


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""
