// The guided choice: answers filter, an order that the reader chooses ranks, and every reason is shown. What is not known is never a yes,
// and what is only computed stands apart from what is stated or measured.
import { load, value, written } from "./columns.js";
import { make, many, remember } from "./making.js";

const box = document.querySelector("[data-choice]");
const form = box.querySelector("form");
const answer = box.querySelector(".choice__answer");
const STEP = 10;
const GIGA = 1e9;
const ROOM = 4; // memory that leaves three quarters for activations
const KINDS = { patch: ["patch-encoder", "vision-language"], slide: ["slide-encoder"] };
const WAYS = { open: ["open"], gated: ["open", "gated"], request: ["open", "gated", "request"] };
const USES = { allowed: ["allowed"], conditional: ["allowed", "conditional"] };
const ENCODERS = Object.values(KINDS).flat();
let table;
let encoders = [];
let most = STEP;

const held = (key, row) => value(table.columns.get(key), row);
const said = (key, row) => written(table.columns.get(key), row);
const number = (key, row) => held(key, row) ?? 0;

// Each question says of a row: true, false, or null for not known; whether an unknown is likely by computation; and in words, why.
const among = (key, label, choices) => (wanted, row) => {
  const found = held(key, row);
  return { fits: found === null ? null : choices[wanted].includes(found), why: `${label}: ${found ?? "not known"}` };
};
const questions = {
  level: among("kind", "kind", KINDS),
  text: (wanted, row) => {
    const found = held("text", row);
    return { fits: found === null ? null : found === "yes", why: found === "yes" ? "encodes text" : `text: ${found ?? "not known"}` };
  },
  commercial: (wanted, row) => {
    const found = among("commercial", "commercial use", USES)(wanted, row);
    return { ...found, why: `${found.why}${held("licence", row) ? ` (${held("licence", row)})` : ""}` };
  },
  access: among("access", "access", WAYS),
  memory: (wanted, row) => {
    const limit = Number(wanted) * GIGA;
    if (held("memory", row) !== null) return { fits: held("memory", row) <= limit, why: `measured peak: ${said("memory", row)}` };
    if (held("bytes", row) === null) return { fits: null, why: "memory: not known" };
    const why = `memory: no peak measured; parameters at fp32 take ${said("bytes", row)} of ${wanted} GB`;
    return { fits: held("bytes", row) > limit ? false : null, likely: held("bytes", row) * ROOM <= limit, why };
  },
  stains: (wanted, row) => {
    const found = held("stains", row);
    return { fits: found === null ? null : wanted.every((stain) => found.includes(stain)), why: `stains: ${found?.join(", ") ?? "not known"}` };
  },
};
const names = {
  level: "What you embed",
  text: "Text",
  commercial: "Commercial use",
  access: "Access",
  memory: "Memory",
  stains: "Stains",
};
const orders = {
  "": () => 0,
  rungs: (a, b) => number("rungs", b) - number("rungs", a),
  size: (a, b) => (held("parameters", a) ?? Infinity) - (held("parameters", b) ?? Infinity) || 0,
  new: (a, b) => ((held("released", a) ?? "") < (held("released", b) ?? "") ? 1 : (held("released", a) ?? "") > (held("released", b) ?? "") ? -1 : 0),
};
const ties = (a, b) => number("suitecount", b) - number("suitecount", a) || number("rungs", b) - number("rungs", a) || a - b;

function asked() {
  const filled = new FormData(form);
  const answers = Object.keys(questions).map((key) => [key, key === "stains" ? filled.getAll(key) : filled.get(key)]);
  return answers.filter(([, wanted]) => wanted && wanted.length);
}

function judged(answers) {
  const out = new Map(answers.map(([key]) => [key, { no: 0, unknown: 0 }]));
  const found = { fits: [], likely: [], maybe: [] };
  for (const row of encoders) {
    const reasons = answers.map(([key, wanted]) => ({ key, ...questions[key](wanted, row) }));
    for (const { key, fits } of reasons) {
      if (fits === false) out.get(key).no += 1;
      if (fits === null) out.get(key).unknown += 1;
    }
    if (reasons.some(({ fits }) => fits === false)) continue;
    const open = reasons.filter(({ fits }) => fits === null);
    found[open.length ? (open.every(({ likely }) => likely) ? "likely" : "maybe") : "fits"].push({ row, reasons });
  }
  const rank = orders[new FormData(form).get("order")] ?? orders[""];
  for (const list of Object.values(found)) list.sort((a, b) => rank(a.row, b.row) || ties(a.row, b.row));
  return { ...found, out };
}

function item({ row, reasons }) {
  const page = `${box.dataset.models}${encodeURIComponent(table.ids[row])}/`;
  const standing = [
    number("suitecount", row) ? `results in ${many(number("suitecount", row), "suite", "suites")}` : "no results in the catalog",
    number("rungs", row) ? `${many(number("rungs", row), "rung", "rungs")} passed` : "no rung passed",
    held("parameters", row) ? `${said("parameters", row)} parameters` : "size not known",
    held("released", row) ? `released ${held("released", row)}` : "date not known",
    ...(held("access", row) === "none" ? ["weights never released"] : []),
  ];
  const why = reasons.map(({ fits, likely, why: words }) => make("li", { class: fits ? "is-yes" : likely ? "is-likely" : "is-open" }, make("span", { class: "choice__mark", "aria-hidden": "true" }, fits ? "✓" : likely ? "≈" : "?"), ` ${words}`));
  return make(
    "li",
    { class: "choice__one", "data-id": table.ids[row] },
    make("a", { class: "choice__name", href: page }, said("name", row)),
    make("span", { class: "quiet" }, ` ${table.columns.get("name").note?.[row] ?? ""}`),
    why.length ? make("ul", { class: "choice__why", "aria-label": "Why" }, why) : null,
    make("p", { class: "quiet choice__standing" }, standing.join(" · ")),
  );
}

function listed(title, found, about) {
  if (!found.length) return [];
  const rest = found.length - most;
  const press = () => { most = Infinity; show(); };
  return [
    make("h2", {}, title),
    make("p", { class: "quiet" }, about),
    make("ol", { class: "choice__list" }, found.slice(0, most).map(item)),
    rest > 0 ? make("p", {}, make("button", { type: "button", class: "button", onclick: press }, `Show ${rest} more`)) : null,
  ];
}

function show() {
  const answers = asked();
  const { fits, likely, maybe, out } = judged(answers);
  const told = answers.map(([key]) => make("li", {}, `${names[key]}: ${out.get(key).no} ruled out, ${out.get(key).unknown} not known`));
  const best = [...fits, ...likely].slice(0, 3).map(({ row }) => encodeURIComponent(table.ids[row]));
  const door = best.length > 1 ? make("a", { class: "button", href: `${box.dataset.comparison}?models=${best.join(",")}` }, `Compare the first ${best.length}`) : null;
  const head = answers.length ? [many(fits.length, "model fits", "models fit"), likely.length ? `${likely.length} should` : ""].filter(Boolean).join(", ") : `All ${encoders.length} encoders`;
  answer.replaceChildren(
    ...[
      make("p", { class: "choice__head", role: "status" }, make("strong", {}, head), maybe.length ? `; for ${maybe.length} more an answer is not known` : ""),
      told.length ? make("ul", { class: "quiet choice__told" }, told) : null,
      door ? make("p", {}, door) : null,
      ...listed(answers.length ? "What fits" : "Nothing asked yet", fits, "Every answer is stated in the catalog."),
      ...listed("What should fit", likely, "Its memory is computed, not measured: the parameters at full precision take at most a quarter of yours."),
      ...listed("What might fit", maybe, "Nothing rules these out, but an answer is not known; see the question marks."),
      fits.length + likely.length + maybe.length ? null : make("p", {}, "No model fits all answers. Take one back."),
    ].filter(Boolean),
  );
  box.querySelector(".choice__jump a").textContent = maybe.length ? `${head}, ${maybe.length} might` : head;
  remember(new URLSearchParams([...new FormData(form)].filter(([, wanted]) => wanted)));
}

function recall() {
  const state = new URLSearchParams(location.search);
  for (const input of form.querySelectorAll("input")) {
    if (input.type === "checkbox") input.checked = state.getAll(input.name).includes(input.value);
    else if (state.has(input.name)) input.checked = state.get(input.name) === input.value;
  }
  for (const name of new Set([...form.querySelectorAll("[type=radio]")].map((input) => input.name))) {
    if (!new FormData(form).has(name)) form.querySelector(`[name=${name}][value=""]`).checked = true;
  }
}

try {
  table = await load(box.dataset.choice);
  encoders = [...table.ids.keys()].filter((row) => ENCODERS.includes(held("kind", row)) || held("width", row) !== null);
  recall();
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", () => { most = STEP; show(); });
  form.addEventListener("reset", () => setTimeout(() => { most = STEP; show(); }));
  document.querySelector(".choice__plain").hidden = true;
  show();
  box.classList.add("is-ready");
} catch (error) {
  answer.textContent = `The models can’t be read: ${error.message}.`;
}
