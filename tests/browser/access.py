"""What axe finds on a page. Nothing is left out for speed: only how it remembers colours is changed, which takes two thirds of its time."""

from functools import cache
from typing import Any

KEPT_ON_THE_KEY = """
const whole = WeakMap;
window.WeakMap = class {
  key = Symbol();
  get(one) { return one[this.key]; }
  set(one, value) { one[this.key] = value; return this; }
  has(one) { return this.key in one; }
};
"""
"""axe keeps the private fields of a colour in such maps; a browser is slow with millions of them, and a property does the same."""
REMEMBERED = """
window.WeakMap = whole;
const color = axe.commons.color.Color.prototype;
const parse = color.parseString;
const known = new Map();
color.parseString = function (text) {
  const found = known.get(text);
  if (found) [this.r, this.g, this.b, this.alpha] = found;
  else known.set(text, [parse.call(this, text).r, this.g, this.b, this.alpha]);
  return this;
};
"""
"""axe reads the same few colours anew for each text and all that it stands on."""
FINDINGS = """async (options) => {
  const { violations } = await axe.run(options);
  return violations.map(({ id, nodes }) => [id, nodes.slice(0, 3).map(({ html }) => html.slice(0, 200))]);
}"""


def findings(page: Any, rules: list[str]) -> dict[str, list[str]]:
    """Broken rule to the first elements that break it, on the page as it stands."""
    page.evaluate(_script())
    found: list[tuple[str, list[str]]] = page.evaluate(FINDINGS, {"runOnly": rules, "resultTypes": ["violations"]})
    return dict(found)


@cache
def _script() -> str:
    from axe_playwright_python.sync_playwright import Axe

    return f"{{{KEPT_ON_THE_KEY}{Axe().axe_script}{REMEMBERED}}} 0"
