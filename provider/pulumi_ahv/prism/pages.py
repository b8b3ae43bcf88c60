"""What an answer that is not Prism's JSON says: the title of an HTML page, or its first line."""

from __future__ import annotations

import re
from html import unescape

from pulumi_ahv.prism.transport import Response

_TITLE = re.compile(r"<(title|h1)[^>]*>(.*?)</\1>", re.IGNORECASE | re.DOTALL)
_LONGEST = 160


def is_html(response: Response) -> bool:
    """Whether the answer is an HTML page, whatever its status."""
    return "html" in response.headers.get("Content-Type", "") or response.body.lstrip()[:15].lower().startswith(
        (b"<!doctype html", b"<html")
    )


def gist(response: Response) -> str:
    """One short line of the body: enough to recognise the page in a message; empty for an empty body."""
    text = response.text()
    found = _TITLE.search(text)
    line = unescape(found.group(2)) if found else text.strip().partition("\n")[0]
    line = " ".join(re.sub(r"<[^>]*>", " ", line).split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
