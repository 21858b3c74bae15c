"""The tables of models and papers in a real browser: search, facets, sorting, address, downloads, keys, widths, colours."""

import csv
import io
import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from synthetic import synthetic
from waiting import until

from pathdex.catalog import Catalog
from pathdex.outputs import explorer
from pathdex.outputs.explorer_pages import FACETS
from pathdex.writing import model_columns, paper_columns
from pathdex.writing.columns import Column

Opening = Callable[..., Any]
STEP = 20
KINDS = {"models": model_columns, "papers": paper_columns}


def found(page: Any) -> int:
    """How many rows the page says that it found."""
    return int(re.match(r"[\d,]+", page.locator(".explorer__count").inner_text())[0].replace(",", ""))


def query(page: Any) -> dict[str, list[str]]:
    return parse_qs(page.evaluate("location.search.slice(1)"))


def names(page: Any) -> list[str]:
    return page.locator("tbody th a").all_inner_texts()


def column(columns: list[Column], key: str) -> Column:
    return next(one for one in columns if one.key == key)


def has(held: Column, row: int, option: str) -> bool:
    """Whether a row belongs to an option of a facet, by the data themselves."""
    value = held.values[row]
    if value is None or value == ():
        return option == held.lacking
    if held.bins:
        return any(label == option and low <= value and (high is None or value < high) for label, low, high in held.bins)
    return option in value if isinstance(value, tuple) else option == str(value)


def unfold(facet: Any) -> None:
    """Open a facet and wait for its choices, which are made as it opens."""
    facet.locator("summary").click()
    facet.locator("li").first.wait_for()


def test_search_finds_as_one_types_and_says_how_many(opened: Opening, many: Catalog) -> None:
    page = opened("models/")
    assert found(page) == len(many.models)
    page.fill("[name=q]", "made 17 vit")
    assert found(page) == sum("17" in name for name in many.models if name.startswith("made"))
    assert query(page) == {"q": ["made 17 vit"]}
    page.fill("[name=q]", "muller kathe")
    assert found(page) == 0 and page.get_by_text("No model fits").is_visible()
    page.get_by_role("button", name="Clear every filter").click()
    assert found(page) == len(many.models)


def test_search_knows_makers_licences_and_accents(opened: Opening) -> None:
    page = opened("models/?q=fourth")
    assert 0 < found(page) < 100
    papers = opened("papers/?q=muller")
    assert 0 < found(papers) < 240


@pytest.mark.parametrize(("kind", "key"), [(kind, key) for kind, keys in FACETS.items() for key in keys])
def test_each_facet_shows_what_its_count_promises(opened: Opening, many: Catalog, kind: str, key: str) -> None:
    held = column(KINDS[kind].columns(many), key)
    page = opened(f"{kind}/")
    facet = page.locator(f"[data-facet={key}]")
    unfold(facet)
    options = facet.locator("li")
    assert options.count() >= 2 or key == "kind"
    for place in {0, options.count() - 1}:
        text, count = options.nth(place).locator("span").all_inner_texts()
        options.nth(place).locator("input").check()
        rows = sum(has(held, row, text) for row in range(len(held.values)))
        assert found(page) == int(count) == rows > 0
        assert query(page) == {key: [text]}
        assert facet.evaluate("one => one.classList.contains('is-set')")
        facet.get_by_role("checkbox", name=re.compile(f"^{re.escape(text)}")).first.uncheck()


def test_options_of_a_facet_add_and_facets_narrow(opened: Opening, many: Catalog) -> None:
    models = many.models.values()
    page = opened("models/?access=open&access=gated&kind=patch-encoder")
    wanted = [one for one in models if one.weights.access in ("open", "gated") and one.kind == "patch-encoder"]
    assert found(page) == len(wanted)
    unfold(page.locator("[data-facet=access]"))
    labels = [label.locator("span").all_inner_texts() for label in page.locator("[data-facet=access] label").all()]
    counts = dict(labels)
    assert counts.get("none", "0") == str(sum(one.weights.access == "none" and one.kind == "patch-encoder" for one in models))


def test_a_long_facet_can_be_searched(opened: Opening) -> None:
    page = opened("models/")
    unfold(page.locator("[data-facet=year]"))
    years = page.locator("[data-facet=year] li span:first-of-type").all_inner_texts()
    assert years[:-1] == sorted(years[:-1], reverse=True)
    papers = opened("papers/")
    unfold(papers.locator("[data-facet=year]"))
    papers.locator("[data-facet=year] [type=search]").fill("199")
    assert all(text.startswith("199") for text in papers.locator("[data-facet=year] li").all_inner_texts())


@pytest.mark.parametrize("key", ["name", "kind", "released", "counted", "claimed", "width", "slides", "licence", "tables"])
def test_each_column_sorts_both_ways_with_the_unknown_last(opened: Opening, many: Catalog, key: str) -> None:
    columns = model_columns.columns(many)
    held = column(columns, key)
    page = opened("models/")
    head = page.locator(f"thead [data-key={key}]")
    seen = set()
    for _ in range(2):
        head.get_by_role("button").click()
        way = head.get_attribute("aria-sort")
        seen.add(way)
        place = page.locator("thead th").evaluate_all(f"all => all.findIndex(one => one.dataset.key === '{key}')")
        shown = page.locator("tbody tr").evaluate_all("all => all.map(row => row.dataset.id)")
        order = {name: row for row, name in enumerate(model_columns.ordered(many))}
        values = [held.values[order[name]] for name in shown]
        known = [value for value in values if value is not None]
        if isinstance(known[0], int):
            assert known == sorted(known, reverse=way == "descending")
        assert None not in values[: len(known)] and place >= 0
    assert seen == {"ascending", "descending"}


def test_every_column_can_be_chosen_and_sorted_by(opened: Opening, many: Catalog) -> None:
    keys = [one.key for one in model_columns.columns(many)]
    page = opened(f"models/?columns={','.join(keys)}&sort=-suitecount")
    assert page.locator("thead th").evaluate_all("all => all.map(one => one.dataset.key)") == keys
    assert page.locator("thead [aria-sort=descending]").get_attribute("data-key") == "suitecount"
    page.locator("[data-columns] summary").click()
    page.locator("[data-columns] input[value=kind]").uncheck()
    assert page.locator("thead [data-key=kind]").count() == 0
    assert "kind" not in query(page)["columns"][0].split(",")


def test_the_address_brings_everything_back(opened: Opening) -> None:
    page = opened("models/")
    page.fill("[name=q]", "made")
    unfold(page.locator("[data-facet=stains]"))
    page.locator("[data-facet=stains]").get_by_role("checkbox", name=re.compile("^H&E")).check()
    page.keyboard.press("Escape")
    page.select_option("[name=sort]", "slides")
    page.select_option("[name=order]", "-")
    page.locator("tbody .pick input").nth(1).check()
    before = (found(page), names(page))
    again = opened(page.evaluate("location.href").split("/", 3)[3])
    assert (found(again), names(again)) == before
    assert again.locator(".tray button").count() == 1


@pytest.mark.parametrize("said", ["?sort=nothing&kind=nothing&columns=nothing&models=nothing", "?q=%3Cimg%20src=x%3E", "?sort=-"])
def test_an_address_that_says_nonsense_does_no_harm(opened: Opening, said: str) -> None:
    page = opened(f"models/{said}")
    assert page.locator("thead th").count() > 5 and page.locator("img[src=x]").count() == 0


def test_the_drawn_table_says_what_the_plain_one_says(opened: Opening, site: Path, browser: Any, address: str) -> None:
    for kind in ("models", "papers"):
        plain = opened(f"{kind}/", script=False)
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        text = (site / "toydata" / f"{kind}.json").read_text(encoding="utf-8")
        page.route(f"**/data/{kind}.json", partial(_answer, text))
        page.goto(f"{address}{kind}/")
        page.wait_for_selector(".is-ready")
        cells = "all => all.map(row => [...row.cells].map(cell => cell.textContent.trim()))"
        assert plain.locator("tbody tr").evaluate_all(cells) == page.locator("tbody tr").evaluate_all(cells)
        links = "all => all.map(link => link.href)"
        assert plain.locator("tbody a").evaluate_all(links) == page.locator("tbody a").evaluate_all(links)
        context.close()


def test_without_scripts_the_table_is_whole_and_no_dead_control_shows(opened: Opening, toy: Catalog) -> None:
    page = opened("models/", script=False)
    assert page.locator("tbody tr").count() == len(toy.models)
    assert not page.locator(".explorer__form").is_visible() and not page.locator(".explorer__facets").is_visible()


def _answer(text: str, route: Any) -> None:
    route.fulfill(body=text, content_type="application/json")


def saved(page: Any, kind: str) -> str:
    page.locator("[data-downloads] summary").click()
    with page.expect_download() as waiting:
        page.locator(f"[data-download={kind}]").click()
    return Path(waiting.value.path()).read_text(encoding="utf-8")


def test_the_selection_can_be_taken_along(opened: Opening, many: Catalog) -> None:
    address = "models/?access=open&sort=-slides"
    page = opened(address)
    wanted = [name for name, one in many.models.items() if one.weights.access == "open"]
    rows = list(csv.DictReader(io.StringIO(saved(page, "csv"))))
    assert sorted(row["id"] for row in rows) == sorted(wanted)
    assert [int(row["slides"]) for row in rows if row["slides"]] == sorted(
        (int(row["slides"]) for row in rows if row["slides"]), reverse=True
    )
    records = json.loads(saved(opened(address), "json"))
    assert [one["id"] for one in records] == [row["id"] for row in rows]
    assert all(None not in one.values() and one["page"].endswith(f"/models/{one['id']}/") for one in records)
    assert saved(opened("models/?q=tiny"), "bibtex").count("@") == 2


def test_the_papers_found_can_be_cited(opened: Opening) -> None:
    text = saved(opened("papers/?q=lovelace2024tiny"), "bibtex")
    assert text.count("@") == 1 and "lovelace2024tiny" in text


def test_rows_come_as_they_come_into_view(opened: Opening, many: Catalog) -> None:
    page = opened("models/")
    first = page.locator("tbody tr").count()
    assert first < len(many.models)
    page.locator(".foot").scroll_into_view_if_needed()
    until(page, f"document.querySelectorAll('tbody tr').length > {first}")


def test_it_can_be_used_by_keyboard_alone(opened: Opening) -> None:
    page = opened("models/")
    page.focus("[name=q]")
    page.keyboard.type("made")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent") == names(page)[0]
    for _ in range(STEP + 5):
        page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent") == names(page)[STEP + 5]
    for _ in range(STEP + 6):
        page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.name") == "q"
    page.focus("[data-facet=kind] summary")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-facet=kind] li")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    chosen = query(page)["kind"]
    assert page.evaluate("document.activeElement.value") == chosen[0]
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.focus("thead [data-key=width] button")
    page.keyboard.press("Enter")
    assert query(page)["sort"] == ["-width"]
    assert page.evaluate("document.activeElement.closest('th').dataset.key") == "width"


@pytest.mark.parametrize("path", ["models/", "models/?models=made-00001,made-00002", "papers/"])
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_sticks_out_of_a_phone_and_every_facet_fits(opened: Opening, path: str, width: int) -> None:
    page = opened(path, width=width)
    fold = page.locator(".explorer__fold")
    assert fold.is_visible() == (width == 360)
    if width == 360:
        fold.click()
    for facet in page.locator(".facet").all():
        unfold(facet)
        until(page, "document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        box = facet.locator(".facet__panel").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
    small = "all => all.filter(one => one.offsetParent).map(one => one.getBoundingClientRect()).filter(box => box.width < 24 || box.height < 24).length"
    assert page.locator(".explorer button, .explorer summary, .pick, .facet__panel label").evaluate_all(small) == 0


def test_the_dark_scheme_is_dark(opened: Opening) -> None:
    page = opened("models/", color_scheme="dark")
    unfold(page.locator("[data-facet=kind]"))
    colour = page.locator("[data-facet=kind] .facet__panel").evaluate("one => getComputedStyle(one).backgroundColor")
    assert max(map(int, re.findall(r"\d+", colour)[:3])) < 60


def test_ten_thousand_rows_filter_in_less_than_fifty_milliseconds(browser: Any, address: str, toy: Catalog) -> None:
    made = dict(explorer.render(synthetic(toy, 10_000), {}))
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.route("**/data/models.json", partial(_answer, made["build/docs/data/models.json"]))
    page.goto(f"{address}models/")
    page.wait_for_selector(".is-ready")
    assert found(page) > 10_000
    timed = """text => { const field = document.querySelector("[name=q]"); field.value = text;
      const start = performance.now(); field.dispatchEvent(new Event("input", { bubbles: true })); return performance.now() - start; }"""
    page.evaluate(timed, "warm")
    spent = sorted(
        page.evaluate(timed, text) for text in ("m", "ma", "made 1", "made 12 vit", "toy lab", "apache", "nothing at all", "")
    )
    unfold(page.locator("[data-facet=suites]"))
    checked = """() => { const box = document.querySelector("[data-facet=access] input"); const start = performance.now(); box.click(); return performance.now() - start; }"""
    unfold(page.locator("[data-facet=access]"))
    spent.append(page.evaluate(checked))
    assert sorted(spent)[len(spent) // 2] < 50, spent
    context.close()
