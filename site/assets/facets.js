// Facets: each opens a list of its options with how many rows they would show.
import { counts, facet, plain } from "./columns.js";
import { make } from "./making.js";

const MOST = 60;

export class Facets {
  constructor(box, table, changed) {
    this.table = table;
    this.changed = changed;
    this.chosen = new Map();
    this.panels = [...box.querySelectorAll("[data-facet]")];
    for (const panel of this.panels) panel.addEventListener("toggle", () => { if (panel.open) this.fill(panel); });
    const all = [...box.querySelectorAll(".facet")];
    for (const one of all) {
      one.addEventListener("toggle", () => { if (one.open) all.forEach((other) => { if (other !== one) other.open = false; }); });
      one.addEventListener("toggle", () => { if (one.open) this.place(one.querySelector(".facet__panel")); });
      one.addEventListener("keydown", (event) => this.keys(event, one));
    }
    document.addEventListener("click", (event) => { if (!event.target.closest(".facet")) all.forEach((one) => { one.open = false; }); });
  }

  // A panel that would leave the page at the right hangs from the right end of its button instead.
  place(panel) {
    panel.classList.remove("is-left");
    if (panel.getBoundingClientRect().right > document.documentElement.clientWidth - 4) panel.classList.add("is-left");
  }

  // Escape closes, arrows move among the options.
  keys(event, panel) {
    if (event.key === "Escape" && panel.open) {
      panel.open = false;
      panel.querySelector("summary").focus();
      event.stopPropagation();
    } else if (panel.open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      const stops = [...panel.querySelectorAll("summary, input, button")];
      const next = stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
      event.preventDefault();
      stops[Math.max(0, Math.min(next, stops.length - 1))].focus();
    }
  }

  entries() {
    return [...this.chosen].filter(([, wanted]) => wanted.size);
  }

  clear() {
    this.chosen.clear();
  }

  // Only what occurs can be asked for: an address may say anything.
  recall(state) {
    for (const panel of this.panels) {
      const { options } = facet(this.table.columns.get(panel.dataset.facet));
      const wanted = state.getAll(panel.dataset.facet).filter((option) => options.includes(option));
      if (wanted.length) this.chosen.set(panel.dataset.facet, new Set(wanted));
    }
  }

  show(failed) {
    this.failed = failed;
    for (const panel of this.panels) {
      const wanted = this.chosen.get(panel.dataset.facet)?.size ?? 0;
      panel.classList.toggle("is-set", wanted > 0);
      const summary = panel.querySelector("summary");
      const label = this.table.columns.get(panel.dataset.facet).label;
      const said = wanted ? `${label} (${wanted})` : label;
      if (summary.textContent !== said) summary.textContent = said;
      if (panel.open) this.fill(panel);
    }
  }

  fill(panel) {
    const key = panel.dataset.facet;
    const column = this.table.columns.get(key);
    const { options } = facet(column);
    const found = counts(this.table, key, this.entries(), this.failed);
    const room = panel.querySelector(".facet__panel");
    if (!room.firstChild) this.furnish(room, column, options);
    const typed = plain(room.querySelector("[type=search]")?.value ?? "");
    const wanted = this.chosen.get(key) ?? new Set();
    const ranked = this.ranked(column, options, found, wanted).filter((place) => plain(options[place]).includes(typed));
    const list = room.querySelector("ul");
    const held = document.activeElement?.value;
    const inside = list.contains(document.activeElement);
    list.replaceChildren(...ranked.slice(0, MOST).map((place) => this.option(key, options[place], found[place], wanted.has(options[place]))));
    const rest = ranked.length - MOST;
    room.querySelector(".facet__rest").textContent = rest > 0 ? `and ${rest} more; type to find them` : "";
    this.place(room);
    if (inside) [...list.querySelectorAll("input")].find((input) => input.value === held)?.focus();
  }

  furnish(room, column, options) {
    if (column.about) room.append(make("p", { class: "quiet" }, column.about));
    if (options.length > 12) {
      const typed = make("input", { type: "search", "aria-label": `Find in ${column.label}`, placeholder: "Find…", autocomplete: "off" });
      typed.addEventListener("input", (event) => { event.stopPropagation(); this.fill(room.parentElement); });
      room.append(typed);
    }
    room.append(make("ul", { "aria-label": column.label }), make("p", { class: "quiet facet__rest" }));
  }

  // In their natural order where they have one, else the most frequent first; what is not known comes last.
  ranked(column, options, found, wanted) {
    const last = options.length - 1;
    const places = [...options.keys()].filter((place) => found[place] || wanted.has(options[place]));
    if (column.natural || column.kind === "number") return column.key === "year" ? places.sort((a, b) => (a === last) - (b === last) || b - a) : places;
    return places.sort((a, b) => (a === last) - (b === last) || found[b] - found[a] || a - b);
  }

  option(key, name, number, checked) {
    const choose = (event) => {
      const wanted = this.chosen.get(key) ?? new Set();
      if (event.target.checked) wanted.add(name);
      else wanted.delete(name);
      this.chosen.set(key, wanted);
      this.changed();
    };
    const box = make("input", { type: "checkbox", value: name, checked, onchange: choose });
    return make("li", {}, make("label", {}, box, make("span", {}, name), make("span", { class: "facet__count" }, String(number))));
  }
}
