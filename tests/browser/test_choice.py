"""The guided choice in a real browser: filters, order, reasons, address, keys; the unknown is never a yes."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest
from waiting import until

from pathdex.catalog import Catalog

Opening = Callable[..., Any]


def listed(page: Any, title: str) -> list[str]:
    """Ids below a heading, all of them."""
    if page.locator(".choice__answer button").count():
        page.locator(".choice__answer button").first.click()
    return (
        page.locator(f".choice__answer h2:text-is('{title}') ~ ol")
        .first.locator("> li")
        .evaluate_all("all => all.map(one => one.dataset.id)")
    )


def encoders(catalog: Catalog) -> dict[str, Any]:
    """The models that the page asks about: of a kind that embeds, or with an embedding."""
    kinds = {"patch-encoder", "vision-language", "slide-encoder"}
    return {key: one for key, one in catalog.models.items() if one.kind in kinds or one.embeddings}


def query(page: Any) -> dict[str, list[str]]:
    return parse_qs(page.evaluate("location.search.slice(1)"))


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("commercial", "allowed", {"allowed"}),
        ("commercial", "conditional", {"allowed", "conditional"}),
        ("access", "open", {"open"}),
        ("access", "gated", {"open", "gated"}),
        ("level", "patch", {"patch-encoder", "vision-language"}),
        ("level", "slide", {"slide-encoder"}),
    ],
)
def test_an_answer_keeps_what_is_stated_to_fit(opened: Opening, many: Catalog, name: str, value: str, allowed: set[str]) -> None:
    field = {
        "commercial": lambda one: one.weights.commercial_use,
        "access": lambda one: one.weights.access,
        "level": lambda one: one.kind,
    }[name]
    page = opened("choose/")
    page.locator(f"[name={name}][value={value}]").check()
    asked = encoders(many)
    assert sorted(listed(page, "What fits")) == sorted(key for key, one in asked.items() if field(one) in allowed)
    unknown = sorted(key for key, one in asked.items() if field(one) is None)
    if unknown:
        assert sorted(listed(page, "What might fit")) == unknown
    assert query(page) == {name: [value]}


def test_stains_must_all_be_stated_and_the_unknown_stands_apart(opened: Opening, many: Catalog) -> None:
    page = opened("choose/?stains=H%26E")
    stains = {key: one.training.stains if one.training else () for key, one in encoders(many).items()}
    assert sorted(listed(page, "What fits")) == sorted(key for key, held in stains.items() if "H&E" in held)
    assert sorted(listed(page, "What might fit")) == sorted(key for key, held in stains.items() if not held)


def test_memory_that_is_computed_stands_apart_from_what_is_measured(opened: Opening, many: Catalog) -> None:
    page = opened("choose/?memory=4")
    built = {key for key, one in many.evidence.items() if one.rungs.architecture and one.rungs.architecture.measured}
    counted = sorted(built & set(encoders(many)))
    assert re.match(rf"0 models fit, {len(counted)} should; for \d+ more", page.locator(".choice__head").inner_text())
    assert page.locator(".choice__why").first.inner_text().startswith("≈ memory: no peak measured")
    assert page.get_by_role("link", name="Compare the first 3").is_visible()
    assert sorted(listed(page, "What should fit")) == counted
    assert "? memory: not known" in page.locator(".choice__list").nth(1).inner_text()


def test_another_open_answer_leaves_a_model_among_those_that_might_fit(opened: Opening, many: Catalog) -> None:
    page = opened("choose/?memory=4&stains=H%26E")
    known = {key for key, one in encoders(many).items() if one.training and "H&E" in one.training.stains}
    assert set(listed(page, "What should fit")) <= known


def test_text_is_never_assumed(opened: Opening, many: Catalog) -> None:
    page = opened("choose/?text=yes")
    asked = encoders(many)
    counted = {key for key, one in many.evidence.items() if one.rungs.architecture and one.rungs.architecture.measured}
    assert sorted(listed(page, "What fits")) == sorted(key for key, one in asked.items() if one.kind == "vision-language")
    unknown = sorted(key for key, one in asked.items() if one.kind not in ("vision-language", "patch-encoder"))
    uncounted = sorted(key for key, one in asked.items() if one.kind == "patch-encoder" and key not in counted)
    assert sorted(listed(page, "What might fit")) == sorted([*unknown, *uncounted])


def test_only_what_gives_a_vector_is_asked_about_and_weights_that_never_came_out_are_marked(
    opened: Opening, many: Catalog
) -> None:
    page = opened("choose/")
    assert page.locator(".choice__head").inner_text() == f"All {len(encoders(many))} encoders"
    shown = listed(page, "Nothing asked yet")
    assert sorted(shown) == sorted(encoders(many))
    never = page.locator(".choice__one").filter(has_text="weights never released")
    closed = {key for key, one in encoders(many).items() if one.weights.access == "none"}
    assert set(never.evaluate_all("all => all.map(one => one.dataset.id)")) == closed


@pytest.mark.parametrize(("order", "key"), [("size", "parameters"), ("new", "released")])
def test_the_order_is_the_one_that_was_asked_for(opened: Opening, many: Catalog, order: str, key: str) -> None:
    shown = listed(opened(f"choose/?order={order}&access=open"), "What fits")
    if key == "released":
        dates = [many.models[name].released for name in shown]
        assert dates == sorted(dates, reverse=True)
    else:
        page = opened(f"models/?columns=name,parameters&access=open&sort={key}")
        assert page.locator("tbody tr").first.get_attribute("data-id") in shown[:40]


def test_most_suites_come_first_and_every_model_says_why(opened: Opening) -> None:
    page = opened("choose/?access=open&commercial=allowed")
    standing = page.locator(".choice__standing").all_inner_texts()
    numbers = [int(found[1]) if (found := re.search(r"in (\d+) suites?", text)) else 0 for text in standing]
    assert numbers == sorted(numbers, reverse=True) and len(standing) > 1
    for why in page.locator(".choice__list").first.locator(".choice__why").all_inner_texts():
        assert "access: open" in why and "commercial use: allowed" in why


def test_the_address_brings_the_answers_back_and_nonsense_asks_nothing(opened: Opening) -> None:
    page = opened("choose/?level=slide&commercial=allowed&stains=H%26E&order=new")
    assert {box.get_attribute("value") for box in page.locator("input:checked").all()} >= {"slide", "allowed", "H&E", "new"}
    assert opened("choose/?level=nothing").locator(".choice__head").inner_text().startswith("All ")
    page.get_by_role("button", name="Start again").click()
    until(page, "location.search === ''")


def test_it_can_be_answered_by_keyboard_and_leads_to_a_comparison(opened: Opening) -> None:
    page = opened("choose/")
    page.focus("[name=access][value='']")
    page.keyboard.press("ArrowLeft")
    assert query(page) == {"access": ["open"]}
    page.get_by_role("link", name="Compare the first 3").click()
    page.wait_for_selector(".compare.is-ready")
    assert page.locator(".compare__table thead th").count() >= 4


def test_without_scripts_the_page_tells_how_to_use_the_table(opened: Opening) -> None:
    page = opened("choose/", script=False)
    assert page.locator(".choice__plain").is_visible() and not page.locator(".choice__form").is_visible()
    page.get_by_role("link", name="table of models", exact=True).click()
    assert page.locator("tbody tr").count() > 1


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_sticks_out(opened: Opening, width: int) -> None:
    page = opened("choose/?access=open", width=width)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.locator(".choice__jump").is_visible() == (width == 360)
