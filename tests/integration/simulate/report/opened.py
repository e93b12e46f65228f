"""What tests do with a report that is open in a browser."""

from __future__ import annotations

from pathlib import Path

from browser import Browser
from ticketctl.simulate.record import Record
from ticketctl.simulate.report.page import page

WHOLE, PHONE = (1200, 800), (360, 740)


def show(seen: Browser, of: Record, folder: Path) -> None:
    file = folder / "report.html"
    file.write_text(page(of), encoding="utf-8")
    seen.open(file)


def move_to(seen: Browser, look: int) -> None:
    seen.js(
        "const it = document.getElementById('time'); it.value = arguments[0]; it.dispatchEvent(new Event('input'))",
        look,
    )


def text_of(seen: Browser, name: str) -> str:
    return str(seen.js("return document.getElementById(arguments[0]).textContent", name))


def looked_at(seen: Browser) -> int:
    return int(seen.js("return document.getElementById('time').value"))


def counted(seen: Browser) -> dict[str, int]:
    keys = seen.js(
        "return [...document.querySelectorAll('[data-count]')].map((it) => [it.dataset.count, it.textContent])"
    )
    return {letter: int(text.replace(",", "")) for letter, text in keys}


def drawn(seen: Browser) -> str:
    return str(seen.js("return document.getElementById('map').toDataURL()"))
