"""What programs read in the head of a page: citation tags and JSON-LD, handed to the theme in the page's front matter."""

import json
import re
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

RISKY = re.compile("[<>&'\\x7f-\\x9f\\u2028\\u2029\\ufeff\\ufffe\\uffff]")
"""What could end an element, start an entity, or is no printable character to a reader of YAML."""


def head(linked: Mapping[str, Any], citation: list[tuple[str, str]] | None = None) -> Markup:
    """The value of the field `head`: JSON on one line, which YAML reads as well.

    `linked` is the JSON-LD of what the page is about; `citation` the names and values of its meta tags, in order.
    """
    text = json.dumps({"linked": linked, "citation": citation or []}, ensure_ascii=False, allow_nan=False)
    return Markup(RISKY.sub(lambda found: f"\\u{ord(found[0]):04x}", text))  # noqa: S704
