// The table of models or papers: search, facets, sorting, columns, downloads, all kept in the address. Rows are drawn as they come into view.
import { DASH, failures, load, order, value, written } from "./columns.js";
import { download } from "./downloads.js";
import { Facets } from "./facets.js";
import { make, many, remember } from "./making.js";
import { Tray } from "./tray.js";

const STEP = 20;
const box = document.querySelector("[data-explorer]");
const form = box.querySelector("form");
const find = (selector) => box.querySelector(selector);
const body = find("tbody");
const more = find(".explorer__more");
let table;
let facets;
let tray;
let shown = [];
const given = (name) => ({ key: name.replace(/^-/, ""), down: name.startsWith("-") });
const named = () => `${sort.down ? "-" : ""}${sort.key}`;
let sort = given(box.dataset.order);
let rows = [];
let drawn = 0;
let headed = "";

const standard = () => {
  const columns = [...table.columns.values()].filter((column) => column.shown);
  return (matchMedia("(max-width: 30em)").matches ? columns.filter((column) => column.narrow) : columns).map((column) => column.key);
};

function cell(column, row, first) {
  const text = written(column, row);
  const note = column.note?.[row];
  const quiet = note ? make("span", { class: "quiet" }, note) : null;
  const page = `${encodeURIComponent(table.ids[row])}/`;
  if (first) return make("th", { scope: "row" }, tray?.box(row), make("a", { href: page }, text), quiet);
  const leads = column.leads && text !== DASH;
  const content = leads ? make("a", { href: `${page}#${column.leads}`, "aria-label": `${text} ${column.about}` }, text) : text;
  return make("td", { class: column.kind === "number" ? "number" : column.words ? "words" : null }, content, quiet);
}

function line(row) {
  return make("tr", { "data-id": table.ids[row] }, shown.map((column, number) => cell(column, row, number === 0)));
}

function draw() {
  const next = rows.slice(drawn, drawn + STEP);
  const lines = document.createDocumentFragment();
  for (const row of next) lines.append(line(row));
  body.append(lines);
  drawn += next.length;
  more.hidden = drawn >= rows.length;
  more.firstElementChild.textContent = `Show more; ${(rows.length - drawn).toLocaleString("en-US")} to come`;
}

function head() {
  const state = `${named()} ${shown.map((column) => column.key).join()}`;
  if (state === headed) return;
  headed = state;
  const cells = shown.map((column) => {
    const here = column.key === sort.key;
    const press = () => {
      const first = column.kind === "number" || ["released", "published"].includes(column.key);
      sort = { key: column.key, down: here ? !sort.down : first };
      refresh();
      find(`thead [data-key="${column.key}"] button`).focus();
    };
    const way = here ? (sort.down ? "descending" : "ascending") : null;
    const settings = { scope: "col", "data-key": column.key, "aria-sort": way, class: column.kind === "number" ? "number" : null, title: column.about };
    return make("th", settings, make("button", { type: "button", onclick: press }, column.label));
  });
  find("thead tr").replaceChildren(...cells);
}

function refresh() {
  const failed = failures(table, form.elements.q.value, facets.entries());
  const sorted = named() === box.dataset.order ? table.ids.keys() : order(table, sort.key, sort.down);
  rows = [];
  for (const row of sorted) if (failed.fails[row] === 0) rows.push(row);
  body.replaceChildren();
  drawn = 0;
  head();
  draw();
  facets.show(failed);
  const set = facets.entries().length;
  find(".explorer__fold").textContent = set ? `Filters (${set})` : "Filters";
  const all = many(table.count, box.dataset.one, box.dataset.many);
  find(".explorer__count").textContent = rows.length === table.count ? all : `${rows.length.toLocaleString("en-US")} of ${all}`;
  find(".explorer__none").hidden = rows.length > 0;
  form.elements.sort.value = sort.key;
  form.elements.order.value = sort.down ? "-" : "";
  keep();
}

function keep() {
  const state = new URLSearchParams();
  if (form.elements.q.value) state.set("q", form.elements.q.value);
  for (const [key, wanted] of facets.entries()) for (const option of wanted) state.append(key, option);
  if (named() !== box.dataset.order) state.set("sort", named());
  const columns = shown.map((column) => column.key).join(",");
  if (columns !== standard().join(",")) state.set("columns", columns);
  if (tray?.ids.length) state.set("models", tray.ids.join(","));
  remember(state);
}

function recall() {
  const state = new URLSearchParams(location.search);
  form.elements.q.value = state.get("q") ?? "";
  facets.recall(state);
  const wanted = given(state.get("sort") ?? box.dataset.order);
  if (table.columns.has(wanted.key)) sort = wanted;
  const columns = (state.get("columns") ?? "").split(",").filter((name) => table.columns.has(name));
  choose(columns.length ? columns : standard());
  tray?.recall((state.get("models") ?? "").split(","));
}

function choose(keys) {
  const first = table.first.key;
  shown = [first, ...[...table.columns.keys()].filter((key) => key !== first && keys.includes(key))].map((key) => table.columns.get(key));
}

function furnish() {
  const columns = find("[data-columns] .facet__panel");
  const option = (column) => {
    const change = (event) => {
      const keys = shown.map((one) => one.key);
      choose(event.target.checked ? [...keys, column.key] : keys.filter((key) => key !== column.key));
      refresh();
    };
    const held = make("input", { type: "checkbox", value: column.key, checked: shown.includes(column), onchange: change });
    return make("li", {}, make("label", {}, held, make("span", {}, column.label), make("span", { class: "quiet" }, column.about)));
  };
  columns.replaceChildren(make("ul", { "aria-label": "Columns" }, [...table.columns.values()].slice(1).map(option)));
  const take = (kind) => () => download(kind, `pathdex-${box.dataset.many}`, table, rows, box.dataset.bibtex);
  const button = (kind, label) => make("li", {}, make("button", { type: "button", "data-download": kind, onclick: take(kind) }, label));
  const said = make("p", { class: "quiet" }, "The rows that are found now, with every column.");
  find("[data-downloads] .facet__panel").replaceChildren(said, make("ul", {}, button("csv", "CSV"), button("json", "JSON"), button("bibtex", "BibTeX of the papers")));
}

function clear() {
  form.elements.q.value = "";
  facets.clear();
  sort = given(box.dataset.order);
  choose(standard());
  furnish();
  refresh();
}

// From the search field down into the rows, up and down among them, and back.
function move(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
  if (step > 0 && drawn < rows.length && event.target.closest("tr") === body.lastElementChild) draw();
  const stops = [form.elements.q, ...body.querySelectorAll("th a")];
  const row = event.target.closest("tbody tr");
  const here = stops.indexOf(row ? row.querySelector("th a") : event.target);
  const next = stops[here + step];
  if (here < 0 || !next) return;
  event.preventDefault();
  next.focus();
}

function listen() {
  form.addEventListener("submit", (event) => event.preventDefault());
  form.elements.q.addEventListener("input", refresh);
  form.elements.q.addEventListener("keydown", move);
  for (const name of ["sort", "order"]) {
    form.elements[name].addEventListener("change", () => {
      sort = { key: form.elements.sort.value, down: form.elements.order.value === "-" };
      refresh();
    });
  }
  const fold = find(".explorer__fold");
  fold.addEventListener("click", () => {
    const open = fold.getAttribute("aria-expanded") !== "true";
    fold.setAttribute("aria-expanded", String(open));
    find(".explorer__facets").classList.toggle("is-open", open);
  });
  form.addEventListener("reset", (event) => { event.preventDefault(); clear(); });
  find(".explorer__none button").addEventListener("click", () => { clear(); form.elements.q.focus(); });
  body.addEventListener("keydown", move);
  more.firstElementChild.addEventListener("click", draw);
  new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting) && drawn < rows.length) draw(); }, { rootMargin: "600px" }).observe(more);
}

try {
  table = await load(box.dataset.explorer);
  facets = new Facets(box, table, refresh);
  if (box.dataset.comparison) tray = new Tray(find(".tray"), table, box.dataset.comparison, keep);
  recall();
  furnish();
  listen();
  refresh();
  box.classList.add("is-ready");
} catch (error) {
  box.classList.add("is-plain");
  find(".explorer__count").textContent = `${find(".explorer__count").textContent}. They can’t be filtered: ${error.message}.`;
}
