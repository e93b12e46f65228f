"""Random SQL texts: mostly nonsense to the server, but each with a meaning to whoever cuts it."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

_WORDS = (
    "SELECT",
    "1",
    "a",
    "b.c",
    "@v",
    "x'41'",
    "n'z'",
    "_utf8mb4'q'",
    "end",
    "begin",
    "CASE",
    "größe",
    "\u00a0",
    "😀",
)
_SIGNS = (
    "=",
    "+",
    "-",
    "*",
    "/",
    "(",
    ")",
    ",",
    "--",
    "5--1",
    "--x",
    "- -",
    "*/",
    "|",
    ".",
    "!",
    "$",
    "$a",
    "a$$",
    ":=",
)
_SPACES = (" ", " ", " ", "\n", "\n", "\r\n", "\t", "\n\n", " \n ", "\f", "\v", "\r")
_ENDS = (";", ";", ";", ";;", "; ;", ";\n", ";\n", "//", "$$", ";-- c\n", "; # c\n", "; /* c */", ";\r\n")
_DELIMITERS = ("//", "//", "$$", "$$", ";;", "|", "go", "END_", "#", "--", "é", "\\x", "'q'", '";"', "`@@`", ";")
_INSIDE = (
    *(
        "a",
        "b",
        " ",
        "\n",
        "\r\n",
        ";",
        "//",
        "$$",
        "--",
        "-- ",
        "#",
        "/*",
        "/*!",
        "/*+",
        "é",
        "😀",
        "$",
        "$x$",
        "|",
        "go",
    ),
    *(
        "DELIMITER //\n",
        "\nDELIMITER //\n",
        "'",
        '"',
        "`",
        "\\'",
        '\\"',
        "\\`",
        "\\\\",
        "\\n",
        "\\",
        "''",
        '""',
        "``",
        "*",
    ),
)


class Texts:
    """Makes texts; the same seed makes the same ones.

    Args:
        seed: Where to begin.
    """

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311  # nothing is kept secret with it

    def one(self) -> str:
        """The next text."""
        return "".join(self._piece() for _ in range(self._random.randint(1, 24)))

    def _piece(self) -> str:
        choose = self._random.random()
        for limit, make in (
            (0.26, self._of(_WORDS)),
            (0.34, self._of(_SIGNS)),
            (0.56, self._of(_SPACES)),
            (0.72, self._of(_ENDS)),
            (0.82, self._quoted),
            (0.90, self._comment),
            (0.95, self._delimiter),
            (0.97, self._dollar_quoted),
            (1.00, self._of(("'", '"', "`", "/*", "/*!", "/*+", "\\N", "$$", "\\"))),
        ):
            if choose < limit:
                return make()
        return ""

    def _of(self, pieces: tuple[str, ...]) -> Callable[[], str]:
        return lambda: self._random.choice(pieces)

    def _inside(self, *without: str) -> str:
        text = "".join(self._random.choice(_INSIDE) for _ in range(self._random.randint(0, 6)))
        for piece in without:
            text = text.replace(piece, "")
        return text

    def _quoted(self) -> str:
        quote = self._random.choice("'\"`")
        if self._random.random() < 0.1:
            return quote + self._inside() + quote  # it may end early, or not at all
        text = self._inside("\\").replace(quote, quote * 2)
        escape = self._random.choice(("", "", f"\\{quote}", "\\\\", "\\\n", "\\;")) if quote != "`" else "\\"
        return quote + text + escape + quote

    def _comment(self) -> str:
        choose = self._random.randrange(8)
        if choose < 2:
            return self._random.choice(("-- ", "--\t", "#", "# ")) + self._inside("\n") + "\n"
        if choose == 2:
            return self._random.choice(("--\n", "#\n", "--\r\n", "-- \n"))
        if choose < 5:
            return "/*" + self._inside("*", "/*!", "/*+") + "*/"
        if choose == 5:
            return "/*" + self._inside() + "*/"
        if choose == 6:
            return (
                self._random.choice(("/*! ", "/*!50001 ", "/*!99999 ", "/*!080400 "))
                + self._inside(*"\\';\"`/$*")
                + "*/"
            )
        return "/*+ " + self._inside("\n", "\r", "\\", "#", "--", "*") + "*/"

    def _dollar_quoted(self) -> str:
        tag = self._random.choice(("$$", "$x$", "$é$", "$1$", "$_a$"))
        return " " + tag + self._inside(tag) + tag

    def _delimiter(self) -> str:
        delimiter = self._random.choice(_DELIMITERS)
        before = self._random.choice(("\n", "\n", "\r\n", "\n  ", "\n\t", ""))
        after = self._random.choice(("\n", "\n", "\r\n", " \n", " trailing words\n", " -- c\n", ""))
        return before + self._random.choice(("DELIMITER", "delimiter", "Delimiter")) + " " + delimiter + after
