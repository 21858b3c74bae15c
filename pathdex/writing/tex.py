"""Plain text made safe for BibTeX: special characters escaped, capitals kept, ranges dashed."""

import re

SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{character: f"\\{character}" for character in "&%#_$"},
}
"""Braces become commands: a backslash before a brace does not stop BibTeX from counting it."""

VERBATIM = str.maketrans({"\\": "%5C", "{": "%7B", "}": "%7D", "^": "%5E", "`": "%60"})


def escaped(text: str) -> str:
    """The text as TeX that prints it; letters beyond ASCII stay as they are."""
    return "".join(SPECIAL.get(character, character) for character in text)


def verbatim(address: str) -> str:
    """A web address or DOI for a field that BibTeX styles print verbatim: nothing escaped, braces in percent form."""
    return address.translate(VERBATIM)


def title(text: str) -> str:
    """A title whose acronyms, and in sentence case its proper names, keep their capitals in every style."""
    words = text.split()
    names_stand_out = _sentence_case(words)
    return " ".join(
        _kept(word) if _needs_capitals(word, names_stand_out and not _opens(words, place)) else escaped(word)
        for place, word in enumerate(words)
    )


def pages(text: str) -> str:
    """Pages with BibTeX's dash between first and last."""
    return escaped(re.sub(r"(?<=\w)\s*[-–—]+\s*(?=\w)", "--", text))


def _sentence_case(words: list[str]) -> bool:
    """Whether few of the longer words behind the first are capitalised."""
    longer = [word for word in words[1:] if len(word) > 3 and word.isalpha()]
    return sum(word[0].isupper() for word in longer) * 2 < len(longer)


def _opens(words: list[str], place: int) -> bool:
    """Whether the word opens the title or what follows a colon or full stop."""
    return place == 0 or words[place - 1][-1] in ":.?!–—"


def _needs_capitals(word: str, in_sentence: bool) -> bool:
    letters = re.sub(r"^[\W_]+|[\W_]+$", "", word)
    if not any(letter.isupper() for letter in letters):
        return False
    if in_sentence or any(letter.isupper() for letter in letters[1:]) or any(letter.isdigit() for letter in letters):
        return True
    return len(letters) == 1 and letters not in "AI"


def _kept(word: str) -> str:
    """The word in braces, punctuation outside: what begins with a command in braces, BibTeX would take for an accent."""
    before, inside, after = re.split(r"^([\W_]*)(.*?)([\W_]*)$", word)[1:4]
    return f"{escaped(before)}{{{escaped(inside)}}}{escaped(after)}"
