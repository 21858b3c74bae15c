"""Tokens are secrets: what is written or printed goes through `scrubbed` first."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

FORM = re.compile(r"hf_[A-Za-z0-9]{16,}")
"""What tokens of the Hub look like."""
VARIABLES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_TOKEN")
HIDDEN = "[token]"


def scrubbed(text: str) -> str:
    """The text with everything taken out that is, or looks like, a token of the Hub."""
    for token in known():
        text = text.replace(token, HIDDEN)
    return FORM.sub(HIDDEN, text)


def one_line(message: str) -> str:
    """A library's message as one line that says the same on every machine: no tokens, paths, addresses, nothing like HTML."""
    line = scrubbed(" ".join("".join(mark if mark.isprintable() else " " for mark in message).split()))
    line = re.sub(r"(?<![\w./])(?:/[\w.@+-]+)+/", "", line)
    line = re.sub(r"0x[0-9a-fA-F]+", "0x0", line).translate({ord("<"): "(", ord(">"): ")", ord("&"): "+"})
    return line if len(line) <= 240 else line[:237].rstrip() + "..."


def known() -> Iterator[str]:
    """The tokens that this process could use: of its environment, and of the Hub's own login."""
    yield from (token for name in VARIABLES if len(token := os.environ.get(name, "").strip()) >= 8)
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "huggingface"
    try:
        token = Path(os.environ.get("HF_TOKEN_PATH") or Path(home) / "token").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return
    if len(token) >= 8:
        yield token
