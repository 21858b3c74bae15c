"""Badges as SVG of our own: a label and what is told, readable without a font of ours and by those who hear the page."""

from html import escape

LABEL = "pathdex"
COLOURS = {"yes": "#176648", "no": "#a1371a", "open": "#645d7a"}
"""Ground of what is told; white on each has a contrast of at least 5.9."""

NARROW, WIDE = "fijlrtI.,:;|!'()[] ", "mwMW%"
"""Characters that are far from the usual width of a sans serif at 11 pixels."""


def badge(told: str, tone: str) -> str:
    """The picture, 20 pixels high; `textLength` keeps the text inside whatever font draws it."""
    left, right = _width(LABEL) + 12, _width(told) + 12
    whole, said = left + right, escape(f"{LABEL}: {told}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="20" viewBox="0 0 {whole} 20" role="img" '
        f'aria-labelledby="t"><title id="t">{said}</title>'
        f'<clipPath id="c"><rect width="{whole}" height="20" rx="3"/></clipPath>'
        f'<g clip-path="url(#c)"><path fill="#43357f" d="M0 0h{left}v20H0z"/>'
        f'<path fill="{COLOURS[tone]}" d="M{left} 0h{right}v20H{left}z"/></g>'
        f'<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11" aria-hidden="true">'
        f'<text x="6" y="14" textLength="{left - 12}" lengthAdjust="spacingAndGlyphs">{escape(LABEL)}</text>'
        f'<text x="{left + 6}" y="14" textLength="{right - 12}" lengthAdjust="spacingAndGlyphs">{escape(told)}</text>'
        f"</g></svg>\n"
    )


def _width(written: str) -> int:
    """About how many pixels a line takes."""
    return round(sum(4.2 if mark in NARROW else 10.2 if mark in WIDE else 7.0 for mark in written))
