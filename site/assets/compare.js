// Two to six models side by side: specification with differences marked, and numbers only where everything matches.
import { load, plain, value } from "./columns.js";
import { make, many, remember } from "./making.js";

const MOST = 6;
const box = document.querySelector("[data-compared]");
const form = box.querySelector("form");
const shown = box.querySelector(".compare__shown");
const status = box.querySelector(".compare__said");
const kept = new Map();
let table;
let ids = [];

const page = (id) => `${box.dataset.models}${encodeURIComponent(id)}/`;
const name = (id) => value(table.first, table.places.get(id));

async function details(id) {
  if (!kept.has(id)) {
    const answer = await fetch(`${box.dataset.compared}/${encodeURIComponent(id)}.json`);
    if (!answer.ok) throw new Error(`${id} answered ${answer.status}`);
    kept.set(id, await answer.json());
  }
  return kept.get(id);
}

function marks(id, fact) {
  return (fact.receipts ?? []).slice(0, 2).map(([url, tip, method]) => {
    const href = url.startsWith("#") ? `${page(id)}${url}` : url;
    return make("a", { class: `receipt receipt--${method}`, href, title: tip, "aria-label": `Receipt: ${tip}`, rel: "noopener" });
  });
}

function told(id, facts, odd) {
  if (!facts.length) return make("td", { class: "quiet" }, "–");
  const one = (fact) => [fact.url ? make("a", { href: fact.url, rel: "noopener" }, fact.value) : fact.value, ...marks(id, fact)];
  return make("td", { class: odd ? "is-odd" : null }, facts.flatMap((fact, number) => (number ? [make("br"), ...one(fact)] : one(fact))));
}

function head(models, first) {
  const cell = (model) => {
    const drop = () => { ids = ids.filter((id) => id !== model.id); show(); };
    const button = make("button", { type: "button", class: "compare__drop", "aria-label": `Leave ${model.name} out`, onclick: drop }, "×");
    return make("th", { scope: "col" }, make("a", { href: page(model.id) }, model.name), " ", button);
  };
  return make("thead", {}, make("tr", {}, make("th", { scope: "col" }, first), models.map(cell)));
}

// Rows of one group: the labels of all models in the order in which they come.
function rows(models, heading) {
  const facts = models.map((model) => model.groups.find((group) => group.heading === heading)?.facts ?? []);
  const labels = [...new Set(facts.flat().map((fact) => fact.label))];
  return labels.map((label) => {
    const cells = facts.map((own) => own.filter((fact) => fact.label === label));
    const said = cells.map((own) => own.map((fact) => fact.value).join("\n"));
    const known = said.filter(Boolean);
    const most = Math.max(...known.map((one) => known.filter((other) => other === one).length));
    const usual = most > 1 ? known.find((one) => known.filter((other) => other === one).length === most) : "";
    const differs = new Set(known).size > 1;
    return { label, cells, differs, odd: said.map((one) => differs && one !== "" && one !== usual) };
  });
}

function specification(models, only) {
  const headings = [...new Set(models.flatMap((model) => model.groups.map((group) => group.heading)))];
  const parts = headings.map((heading) => {
    const found = rows(models, heading).filter((row) => row.differs || !only);
    const lines = found.map(({ label, cells, differs, odd }) => {
      const mark = differs ? make("span", { class: "compare__mark" }, "differs") : null;
      return make("tr", { class: differs ? "is-different" : null }, make("th", { scope: "row" }, label, " ", mark), cells.map((own, number) => told(models[number].id, own, odd[number])));
    });
    const group = make("tr", { class: "compare__group" }, make("th", { scope: "colgroup", colspan: String(models.length + 1) }, heading));
    return lines.length ? make("tbody", {}, group, lines) : null;
  });
  return framed("Specification", make("table", { class: "wide compare__table" }, head(models, "Specification"), parts));
}

function framed(label, inner) {
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, inner);
}

// What is comparable in one table: the same column, suite, task and embedding, for two models or more.
function matched(models, id) {
  const rowsOf = new Map();
  models.forEach((model, number) => {
    for (const [column, task, embedding, row, printed, score] of model.tables[id]?.cells ?? []) {
      const key = JSON.stringify([column, task, embedding]);
      if (!rowsOf.has(key)) rowsOf.set(key, { column, task, embedding, cells: models.map(() => []) });
      rowsOf.get(key).cells[number].push({ row, printed, value: score });
    }
  });
  const all = [...rowsOf.values()];
  return { fit: all.filter(({ cells }) => cells.filter((own) => own.length).length > 1), all };
}

function best({ cells, better }) {
  if (cells.some((own) => own.length > 1)) return null;
  const numbers = cells.flat().map((own) => own.value);
  return better === "lower" ? Math.min(...numbers) : Math.max(...numbers);
}

function scored(models, id, found, open) {
  const record = models.find((model) => model.tables[id]).tables[id];
  const tasks = Object.assign({}, ...models.map((model) => model.tasks));
  const said = found.map(({ task: key, embedding }) => {
    const [suite, , metric, better] = tasks[key];
    return [suite, metric, `${better} is better`, `embedding ${embedding.replace("not-stated", "not stated")}`];
  });
  const shared = said[0].map((part, place) => said.every((own) => own[place] === part));
  const lines = found.map((line, at) => {
    const [, task, , better] = tasks[line.task];
    const top = best({ ...line, better });
    const cell = (own) => make("td", { class: own.length ? "number" : "number quiet" }, own.length ? own.flatMap((one, number) => {
      const text = own.length > 1 ? [one.printed, make("span", { class: "quiet" }, one.row)] : [one.value === top ? make("strong", {}, one.printed) : one.printed];
      return number ? [make("br"), ...text] : text;
    }) : "–");
    const own = said[at].filter((part, place) => !shared[place]);
    const about = [...(task === line.column ? [] : [task]), ...own].join(", ");
    return make("tr", {}, make("th", { scope: "row" }, line.column, about ? make("span", { class: "quiet" }, about) : null), line.cells.map(cell));
  });
  const by = record.by === "authors" ? "by makers of a model in the table" : "by others";
  const precision = `precision ${record.precision.replace("not-stated", "not stated")}`;
  const link = make("a", { href: `${box.dataset.results}${encodeURIComponent(id)}/` }, "the table as printed");
  const all = said[0].filter((part, place) => shared[place]).join(", ");
  return make(
    "details",
    { class: "compare__result", "data-table": id, open },
    make("summary", {}, record.title, " ", make("span", { class: "quiet" }, `${many(found.length, "number", "numbers")}, ${by}, ${precision}`)),
    make("p", { class: "quiet" }, record.protocol, " See ", link, ".", all ? ` All rows: ${all}.` : ""),
    framed(record.title, make("table", { class: "wide compare__table" }, head(models, "Column as printed"), make("tbody", {}, lines))),
  );
}

// How many of the models have a number in the table.
const covered = ({ fit }) => fit[0].cells.filter((_, number) => fit.some(({ cells }) => cells[number].length)).length;

function results(models) {
  const tables = [...new Set(models.flatMap((model) => Object.keys(model.tables)))].filter((id) => models.filter((model) => model.tables[id]).length > 1);
  const found = tables.map((id) => ({ id, ...matched(models, id) }));
  const comparable = found.filter(({ fit }) => fit.length).sort((a, b) => covered(b) - covered(a) || b.fit.length - a.fit.length || (a.id < b.id ? -1 : 1));
  const apart = found.filter(({ fit }) => !fit.length);
  const link = ({ id }) => make("li", {}, make("a", { href: `${box.dataset.results}${encodeURIComponent(id)}/` }, models.find((model) => model.tables[id]).tables[id].title));
  const said = comparable.length
    ? `${many(comparable.length, "table prints", "tables print")} comparable numbers of two or more of these models.`
    : "No table prints numbers of two of these models under the same conditions.";
  return [
    make("h2", {}, "Results"),
    make("p", {}, said),
    ...comparable.map(({ id, fit }, number) => scored(models, id, fit, number < 2)),
    ...(apart.length ? [make("p", { class: "quiet" }, "Left out, because the models were embedded in different ways or scored on different columns:"), make("ul", { class: "quiet" }, apart.map(link))] : []),
  ];
}

async function show() {
  const asked = ids.join();
  const only = form.elements.only.checked;
  const state = new URLSearchParams();
  if (only) state.set("only", "differences");
  const query = [ids.length ? `models=${ids.map(encodeURIComponent).join(",")}` : "", state.toString()].filter(Boolean).join("&");
  remember({ toString: () => query });
  form.querySelector("[data-share]").disabled = ids.length < 2;
  try {
    const models = await Promise.all(ids.map(details));
    if (asked !== ids.join()) return; // a later choice has overtaken this one
    status.textContent = ids.length > 1 ? `${ids.length} models` : ids.length ? "Add another model to compare it with." : "Add two models or more; each name of the catalog is offered as you type.";
    if (!models.length) shown.replaceChildren();
    else shown.replaceChildren(specification(models, only && models.length > 1), ...(models.length > 1 ? results(models) : []));
  } catch (error) {
    status.textContent = `A model can’t be read: ${error.message}.`;
  }
}

function add() {
  const typed = plain(form.elements.model.value.trim());
  if (!typed) return;
  const exact = table.ids.filter((id) => plain(name(id)) === typed || id === typed);
  const close = exact.length ? exact : table.ids.filter((id) => plain(name(id)).includes(typed));
  if (ids.length >= MOST) status.textContent = `At most ${MOST} models stand side by side; leave one out first.`;
  else if (!close.length) status.textContent = `No model is called “${form.elements.model.value}”.`;
  else if (close.length > 1) status.textContent = `Several models fit: ${close.slice(0, 5).map(name).join(", ")}${close.length > 5 ? "…" : ""}.`;
  else if (ids.includes(close[0])) status.textContent = `${name(close[0])} is there already.`;
  else {
    ids = [...ids, close[0]];
    form.elements.model.value = "";
    show();
  }
}

function listen() {
  form.addEventListener("submit", (event) => { event.preventDefault(); add(); });
  form.elements.only.addEventListener("change", show);
  form.querySelector("[data-share]").addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      status.textContent = "The link is copied.";
    } catch {
      status.textContent = location.href;
    }
  });
}

try {
  table = await load(box.dataset.names);
  const state = new URLSearchParams(location.search);
  const given = [...new Set((state.get("models") ?? "").split(",").filter(Boolean))];
  ids = given.filter((id) => table.places.has(id)).slice(0, MOST);
  const lost = given.filter((id) => !table.places.has(id));
  form.elements.only.checked = state.get("only") === "differences";
  box.querySelector("datalist").append(...table.ids.map((id) => make("option", { value: name(id) })));
  document.querySelector(".compare__plain").hidden = true;
  listen();
  await show();
  if (lost.length) status.textContent += ` Not in the catalog: ${lost.join(", ")}.`;
  box.classList.add("is-ready");
} catch (error) {
  status.textContent = `The models can’t be read: ${error.message}.`;
}
