// Tables whose columns can be sorted by: each head gets a button, what is not known stays last. Without it they keep their order.
import { make } from "./making.js";

const UNITS = { k: 1e3, M: 1e6, B: 1e9, T: 1e12 };

function number(text) {
  const found = /([-−]?(?:\d[\d,]*(?:\.\d+)?|\.\d+))\s?([kMBT](?![a-z]))?/.exec(text);
  return found ? Number(found[1].replaceAll(",", "").replace("−", "-")) * (UNITS[found[2]] ?? 1) : null;
}

function read(cell, counted) {
  const text = cell.textContent.trim();
  if (text === "" || text === "–") return null;
  return counted ? number(text) : text;
}

const collator = new Intl.Collator("en", { numeric: true });
const least = (a, b) => (typeof a === "number" ? a - b : collator.compare(a, b));

function sort(table, place, counted, down) {
  const rows = [...table.tBodies[0].rows].map((row) => ({ row, held: read(row.cells[place], counted) }));
  rows.sort((a, b) => (a.held === null || b.held === null ? (a.held === null) - (b.held === null) : down ? least(b.held, a.held) : least(a.held, b.held)));
  table.tBodies[0].append(...rows.map(({ row }) => row));
}

// A first press brings the best to the top: the highest number, unless the head says that the lowest is, and names from A.
function furnish(table, head, place) {
  const counted = head.classList.contains("number") || head.dataset.first === "up";
  const name = (head.querySelector("a") ?? head).firstChild.textContent.trim();
  const press = () => {
    const way = head.getAttribute("aria-sort");
    const down = way ? way === "ascending" : counted && head.dataset.first !== "up";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    sort(table, place, counted, down);
  };
  const button = make("button", { type: "button", class: "sorting", "aria-label": `Sort by ${name}`, onclick: press });
  const quiet = head.querySelector(".quiet");
  if (quiet) quiet.before(button);
  else head.append(button);
}

for (const table of document.querySelectorAll("table.sortable")) {
  if (table.tBodies[0].rows.length < 2) continue;
  [...table.tHead.rows[0].cells].forEach((head, place) => furnish(table, head, place));
  table.classList.add("is-ready");
}
