"""One browser for all tests of the report."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from browser import Browser, browser
from integration.simulate.report.opened import WHOLE


@pytest.fixture(scope="session")
def shared() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@pytest.fixture
def seen(shared: Browser) -> Browser:
    """A browser as it is when it has just been opened."""
    shared.resize(*WHOLE)
    shared.media(prefers_color_scheme="light", prefers_reduced_motion="no-preference")
    shared.open("about:blank")
    shared.messages()
    shared.outside()
    return shared
