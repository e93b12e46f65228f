"""HTML, put together so that whatever is not markup already is escaped. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from html import escape

_VOID = frozenset({"br", "hr", "input", "link", "meta"})


class Html(str):
    """Text that is markup; any other text is escaped where it becomes part of a page."""

    __slots__ = ()


def html(part: str) -> Html:
    """Return a part of a page as markup."""
    return part if isinstance(part, Html) else Html(escape(part))


def joined(parts: Iterable[str], between: str = "") -> Html:
    """Return parts one after the other, as markup."""
    return Html(html(between).join(map(html, parts)))


def element(name: str, /, *parts: str, **attributes: str | int | bool | None) -> Html:
    """Return an element.

    Args:
        name: Of the element.
        parts: What is in it.
        attributes: Of the element: `_` stands for `-`, and one at the end keeps a name from being a keyword. True is
            one without a value; False and None are none.
    """
    there = {key: value for key, value in attributes.items() if value is not None and value is not False}
    written = "".join(_attribute(key, value) for key, value in there.items())
    return Html(f"<{name}{written}>" + ("" if name in _VOID else f"{joined(parts)}</{name}>"))


def table(caption: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Html:
    """Return a table in a frame of its own, which moves sideways where there is no room for it.

    Args:
        caption: What it shows.
        heads: Of the columns; those that begin with `#` are of numbers.
        rows: Cells; the first of a row is its head.
    """
    columns = [(head.removeprefix("#"), "number" if head.startswith("#") else None) for head in heads]
    head = element("tr", *(element("th", text, scope="col", class_=kind) for text, kind in columns))
    body = []
    for row in rows:
        first, *others = row
        cells = (element("td", cell, class_=kind) for cell, (_, kind) in zip(others, columns[1:], strict=True))
        body.append(element("tr", element("th", first, scope="row", class_=columns[0][1]), *cells))
    whole = element("table", element("caption", caption), element("thead", head), element("tbody", *body))
    return element("div", whole, class_="sideways", role="region", aria_label=caption, tabindex=0)


def facts(pairs: Iterable[tuple[str, str]], kind: str = "facts") -> Html:
    """Return names with their values."""
    each = (element("div", element("dt", name), element("dd", value)) for name, value in pairs)
    return element("dl", *each, class_=kind)


def drawing(kind: str, box: str, *shapes: Html) -> Html:
    """Return a small drawing beside words that say the same.

    Args:
        kind: Its class in the page's style.
        box: Its own measures: left, top, width, height.
        shapes: What is in it.
    """
    return element("svg", *shapes, class_=kind, viewBox=box, aria_hidden="true")


def embedded(name: str, value: object) -> Html:
    """Return data for scripts: nothing in it can end the element that it stands in.

    Args:
        name: The id of the element.
        value: Anything that JSON can say.
    """
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=True)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return element("script", Html(text), type="application/json", id=name)


def counted(count: int, what: str) -> str:
    """Return how many there are of something."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def seconds(value: float) -> str:
    """Return seconds as people read them."""
    if value < 0.0995:
        return f"{value * 1000:.0f} ms"
    return f"{value:.1f} s" if value < 100 else f"{value:,.0f} s"


def _attribute(key: str, value: str | int) -> str:
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
