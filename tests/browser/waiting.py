"""Pages that are watched, and waited for; from outside, since the site's policy forbids a page to evaluate text."""

from typing import Any

WATCH = "window.broken = []; document.addEventListener('securitypolicyviolation', (event) => window.broken.push(event.violatedDirective))"


def until(page: Any, said: str, patience: int = 10_000, pause: int = 50) -> None:
    """Return once the expression holds on the page; fail after `patience` milliseconds."""
    for _ in range(patience // pause):
        if page.evaluate(said):
            return
        page.wait_for_timeout(pause)
    raise AssertionError(f"never held: {said}")


def settled(browser: Any, **settings: Any) -> Any:
    """A page that notes what its policy stopped, what was asked of others, and what failed."""
    context = browser.new_context(**settings)
    context.add_init_script(WATCH)
    page = context.new_page()
    page.wrong = []
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.on("response", lambda response: page.wrong.append(response.url) if response.status >= 400 else None)
    return page
