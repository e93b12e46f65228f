"""A real browser for tests: what it shows, what it says, and whom it asks.

It is offline: no name resolves but that of this machine, so a page that wants something from elsewhere does not get
it, and `Browser.outside` tells that it wanted. Nothing of it is left when the block ends, however it ends.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

_FIND = Path(__file__).parents[1] / "scripts" / "browser.sh"
_PHONE = 600  # narrower than this, it behaves as a phone
_PATIENCE = 30.0  # seconds for a page, a script, an end
_OWN_HOSTS = (None, "127.0.0.1", "localhost")
_OWN_SCHEMES = ("file", "data", "blob", "about", "chrome")


class Browser:
    """A browser with one window.

    Args:
        driver: What drives it.

    Attributes:
        driver: The same: `find_element`, `execute_script` and what else selenium has.
    """

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver
        self._media = {"prefers-color-scheme": "light", "prefers-reduced-motion": "no-preference"}

    def open(self, url: str | Path) -> None:
        """Load a page and return when it has loaded.

        Args:
            url: Its address, or its file.
        """
        self.driver.get(url.absolute().as_uri() if isinstance(url, Path) else url)

    def js(self, script: str, *values: object) -> Any:
        """Run a script in the page and return what it returns; `arguments` are the values."""
        return self.driver.execute_script(script, *values)

    def resize(self, width: int, height: int) -> None:
        """Give the page so much room, in CSS pixels."""
        wanted = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < _PHONE}
        self._command("Emulation.setDeviceMetricsOverride", wanted)

    def media(self, kind: str = "", **features: str) -> None:
        """Have the page believe something of the reader.

        Args:
            kind: `print` or `screen`; empty for what it is.
            features: Such as `prefers_color_scheme="dark"`; others stay as they are.
        """
        self._media.update({name.replace("_", "-"): value for name, value in features.items()})
        wanted = [{"name": name, "value": value} for name, value in self._media.items()]
        self._command("Emulation.setEmulatedMedia", {"media": kind, "features": wanted})

    def messages(self, level: str = "") -> list[str]:
        """Return what the console says since it was last asked.

        Args:
            level: `SEVERE` for errors alone: a script that fails, something forbidden or not found.
        """
        entries = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        return [f"{each['level']}: {each['message']}" for each in entries if level in ("", each["level"])]

    def outside(self) -> list[str]:
        """Return the addresses beyond this machine that were wanted since it was last asked."""
        return [url for url in self._requests() if not _is_own(url)]

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        """Write a picture of the page as PNG.

        Args:
            path: Where to.
            whole: Also what is below the window.
        """
        taken = self._command("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": whole})
        path.write_bytes(b64decode(taken["data"]))

    def _requests(self) -> Iterator[str]:
        entries = self.driver.get_log("performance")  # type: ignore[no-untyped-call]
        for event in (json.loads(entry["message"])["message"] for entry in entries):
            if event["method"] == "Network.requestWillBeSent":
                yield event["params"]["request"]["url"]
            elif event["method"] == "Network.webSocketCreated":
                yield event["params"]["url"]

    def _command(self, name: str, values: Mapping[str, object]) -> dict[str, Any]:
        return dict(self.driver.execute_cdp_cmd(name, dict(values)))


@contextmanager
def browser(width: int = 1200, height: int = 800, *, dark: bool = False) -> Iterator[Browser]:
    """Open a browser, and end it with the block.

    Args:
        width: Of the page, in CSS pixels; one below 600 behaves as a phone.
        height: Of the part of the page that is seen.
        dark: Whether the reader prefers dark colours.
    """
    program, driver_program = _programs()
    folder = Path(tempfile.mkdtemp(prefix="ticketctl-test-browser-"))
    service = Service(
        executable_path=driver_program,
        env={**os.environ, "HOME": str(folder), "TMPDIR": str(folder), "XDG_CONFIG_HOME": str(folder)},
    )
    try:
        driver = webdriver.Chrome(options=_options(program, folder), service=service)
        try:
            driver.set_page_load_timeout(_PATIENCE)
            driver.set_script_timeout(_PATIENCE)
            opened = Browser(driver)
            opened.resize(width, height)
            opened.media(prefers_color_scheme="dark" if dark else "light")
            yield opened
        finally:
            with suppress(Exception):  # a browser that has crashed cannot be asked to end
                driver.quit()
    finally:
        with suppress(Exception):
            service.stop()
        _end(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> tuple[str, str]:
    """Return the browser and its driver.

    Raises:
        RuntimeError: One of them is not here.
    """
    done = subprocess.run([_FIND, "--find"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    program, driver = done.stdout.splitlines()
    return program, driver


def _options(program: str, profile: Path) -> webdriver.ChromeOptions:
    options = webdriver.ChromeOptions()
    options.binary_location = program
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    own = " , ".join(f"EXCLUDE {host}" for host in _OWN_HOSTS if host)
    for argument in (
        "--headless=new",
        f"--user-data-dir={profile / 'profile'}",
        "--disable-dev-shm-usage",  # containers have little of it
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-default-apps",
        "--disable-extensions",
        "--disable-sync",
        "--no-first-run",
        "--no-default-browser-check",
        "--no-proxy-server",
        f"--host-resolver-rules=MAP * ~NOTFOUND , {own}",
        "--lang=en-US",
        "--force-color-profile=srgb",
        "--hide-scrollbars",
    ):
        options.add_argument(argument)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # it has none for root
    return options


def _is_own(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in _OWN_SCHEMES or parts.hostname in _OWN_HOSTS


def _end(folder: Path) -> None:
    """End what has not ended by itself after a moment: each process of a browser names its profile."""
    deadline = time.monotonic() + 2.0
    while (left := _naming(folder)) and time.monotonic() < deadline:
        time.sleep(0.02)
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    while _naming(folder) and time.monotonic() < deadline + 5.0:  # they write to the profile until they are gone
        time.sleep(0.02)


def _naming(folder: Path) -> list[int]:
    """Return the processes in whose command line a folder is."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended meanwhile
            if os.fsencode(folder) in entry.read_bytes():
                found.append(int(entry.parent.name))
    return found
