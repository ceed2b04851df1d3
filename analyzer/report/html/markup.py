"""Templates whose every expression is made harmless and escaped, by construction.

Jinja2 with autoescape, and :func:`analyzer.report.neutral.visible` as its ``finalize``: no expression of a
template can reach the page without both. What is not to be escaped is a :class:`markupsafe.Markup`, and
only this module makes one: of the package's own files, and of JSON without ``<``, ``>`` and ``&``.
Jinja2 is a dependency of the package and not of an extra, so that whoever has the tool on site has the page.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from importlib import resources
from typing import IO, Any, Final

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from analyzer.report.layout import duration, number, plural, size
from analyzer.report.moment import timestamp
from analyzer.report.neutral import visible

LONG: Final = 160
"""Characters of a string that stand in running text; the rest opens on demand."""

STRING_LIMIT: Final = 4000
"""Characters of one stranger's string that the page holds; what is left off is counted."""

POLICY: Final = (
    "default-src 'none'; script-src '{script}'; style-src '{style}'; base-uri 'none'; form-action 'none'"
)
"""Content Security Policy Level 3: nothing is loaded from anywhere, and only the one script and the one
style whose hashes are named take effect; no inline handler, no style attribute, no eval."""


@cache
def text(name: str) -> str:
    """A file of this package."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def digest(source: str) -> str:
    """The hash of an inline element's text as a content security policy names it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}"


def inline(name: str) -> Markup:
    """A style or script of this package as it goes into the page: ours, so not escaped."""
    return Markup(text(name))


def data(value: Any) -> Markup:
    """``value`` as JSON inside a ``script`` element: no ``<``, ``>`` or ``&`` is left in it.

    Nothing in it can end the element or open a comment (HTML Living Standard, section 4.12.1.3), and
    every character beyond ASCII is an escape.
    """
    encoded = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for char in "<>&":
        encoded = encoded.replace(char, f"\\u{ord(char):04x}")
    return Markup(encoded)


def policy(style: str, script: str) -> str:
    """The content security policy of a page with this style and this script."""
    return POLICY.format(script=digest(script), style=digest(style))


class Whole(str):
    """A harmless string that is shown in full, such as a filter, which is of no use in part."""

    __slots__ = ()


def whole(value: str) -> Whole:
    """``value`` made harmless and never shortened. For strings of ours whose length is bounded."""
    return Whole(visible(value))


def _harmless(value: Any) -> Any:
    """What Jinja2 asks for every expression before it escapes it."""
    if isinstance(value, Markup | Whole):
        return value
    return visible(value, STRING_LIMIT) if isinstance(value, str) else value


def _clock(nanoseconds: int | None) -> str:
    return "" if nanoseconds is None else timestamp(nanoseconds)[:19].replace("T", " ")


def _clip(value: str, most: int) -> str:
    """``value`` in at most ``most`` characters, cut between words where it has any."""
    if len(value) <= most:
        return value
    cut = value[: most - 1]
    words = cut.rsplit(" ", 1)[0]
    return f"{words if len(words) > most // 2 else cut}\u2026"


def _upper_first(value: str) -> str:
    """``value`` with its first letter a capital, and the others as they are."""
    return value[:1].upper() + value[1:]


@cache
def environment() -> Environment:
    """The templates of this package, with the words for numbers that every format uses."""
    made = Environment(
        loader=FunctionLoader(text),
        autoescape=True,
        finalize=_harmless,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(
        number=number,
        plural=plural,
        size=size,
        duration=duration,
        clock=_clock,
        clip=_clip,
        upper_first=_upper_first,
        whole=whole,
    )
    made.globals.update(LONG=LONG)
    return made


def write(template: str, stream: IO[str], **values: Any) -> None:
    """Write a page to ``stream``: a template that extends ``base.html``, with the one style and script."""
    style, script = text("style.css"), text("script.js")
    page = environment().get_template(template)
    for piece in page.generate(
        policy=policy(style, script), style=inline("style.css"), script=inline("script.js"), **values
    ):
        stream.write(piece)
