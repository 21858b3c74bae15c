// The data of all models or papers as columns: reading, writing for people, searching and sorting. It touches no page.

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
const units = [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "k"]];
const bytes = [[1e9, "GB"], [1e6, "MB"], [1e3, "kB"]];
export const DASH = "–";

export const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

export async function load(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address} answered ${answer.status}`);
  return unpack(await answer.json());
}

export function unpack({ ids, columns }) {
  const table = { ids, count: ids.length, columns: new Map(columns.map((column) => [column.key, column])) };
  table.first = columns[0];
  table.places = new Map(ids.map((id, row) => [id, row]));
  return table;
}

// The bare value: a number, a text, a list of texts, or null for what is not known.
export function value(column, row) {
  const held = column.values[row];
  if (held === null || !column.names) return held;
  if (column.kind === "choice") return column.names[held];
  return [held].flat().map((place) => column.names[place]);
}

const three = (number) => String(Number(number.toPrecision(3)));
const grouped = (number) => number.toLocaleString("en-US", { maximumFractionDigits: 3 });
const scaled = (number, scales) => {
  const found = scales.find(([size]) => number >= 0.9995 * size);
  return found && `${three(number / found[0])} ${found[1]}`;
};
const writers = {
  plain: String,
  count: (number) => (number >= 10000 && scaled(number, units)) || grouped(number),
  giga: (number) => grouped(Number((number / 1e9).toPrecision(3))),
  size: (number) => scaled(number, bytes) ?? `${number} B`,
};

export function written(column, row) {
  const held = value(column, row);
  if (held === null) return DASH;
  if (Array.isArray(held)) return held.join(", ");
  return column.kind === "number" ? writers[column.written ?? "plain"](held) : held;
}

// What each row is found by, made once.
function haystacks(table) {
  const searched = [...table.columns.values()].filter((column) => column.searched);
  const own = searched.map((column) => column.names?.map(plain));
  table.haystacks ??= table.ids.map((id, row) => {
    const said = [id];
    searched.forEach((column, number) => {
      const held = column.values[row];
      if (held === null) return;
      said.push(own[number] ? [held].flat().map((place) => own[number][place]).join(" ") : plain(String(held)));
      if (column.note?.[row]) said.push(plain(column.note[row]));
    });
    return said.join("\n");
  });
  return table.haystacks;
}

// A column as a facet: its options, and for each row the places of those it has, the last option being "not known".
export function facet(column) {
  if (column.asFacet) return column.asFacet;
  const { names, values } = column;
  let options;
  let places;
  if (names) {
    options = [...names];
    places = (held) => (held === null ? [options.length - 1] : [held].flat());
  } else if (column.bins) {
    options = column.bins.map(([label]) => label);
    places = (held) => [held === null ? options.length - 1 : column.bins.findIndex(([, low, high]) => held >= low && (high === null || held < high))];
  } else {
    const found = [...new Set(values)].filter((held) => held !== null).sort((a, b) => a - b);
    const known = new Map(found.map((held, place) => [held, place]));
    options = found.map(String);
    places = (held) => [known.get(held) ?? options.length - 1];
  }
  options.push(column.lacking ?? "not known");
  const all = values.map(places);
  const starts = new Int32Array(values.length + 1);
  all.forEach((own, row) => { starts[row + 1] = starts[row] + own.length; });
  column.asFacet = { options, starts, places: Int32Array.from(all.flat()) };
  return column.asFacet;
}

// For each row how many demands it fails, and the last facet it fails; a search word that is not found counts as two.
export function failures(table, query, chosen) {
  const words = plain(query).split(/\s+/).filter(Boolean);
  const fails = new Uint8Array(table.count);
  const culprit = new Int8Array(table.count).fill(-1);
  if (words.length) {
    const hay = haystacks(table);
    for (let row = 0; row < table.count; row += 1) if (!words.every((word) => hay[row].includes(word))) fails[row] = 2;
  }
  chosen.forEach(([key, wanted], number) => {
    const { options, starts, places } = facet(table.columns.get(key));
    const fits = new Uint8Array(options.length);
    options.forEach((option, place) => { if (wanted.has(option)) fits[place] = 1; });
    for (let row = 0; row < table.count; row += 1) {
      let has = 0;
      for (let at = starts[row]; at < starts[row + 1] && !has; at += 1) has = fits[places[at]];
      if (!has) {
        fails[row] = Math.min(fails[row] + 1, 2);
        culprit[row] = number;
      }
    }
  });
  return { fails, culprit };
}

// How many rows each option of a facet would show, given every other demand.
export function counts(table, key, chosen, { fails, culprit }) {
  const { options, starts, places } = facet(table.columns.get(key));
  const own = chosen.findIndex(([other]) => other === key);
  const found = new Int32Array(options.length);
  for (let row = 0; row < table.count; row += 1) {
    if (fails[row] === 0 || (fails[row] === 1 && own >= 0 && culprit[row] === own)) {
      for (let at = starts[row]; at < starts[row + 1]; at += 1) found[places[at]] += 1;
    }
  }
  return found;
}

// The rows in the order of a column, what is not known last in both directions; made once for each column and direction.
export function order(table, key, down) {
  table.orders ??= new Map();
  const name = `${down ? "-" : ""}${key}`;
  if (!table.orders.has(name)) table.orders.set(name, sorted(table, table.columns.get(key), down ? -1 : 1));
  return table.orders.get(name);
}

function sorted(table, column, sign) {
  const rows = [...table.ids.keys()];
  const known = rows.filter((row) => column.values[row] !== null);
  const unknown = rows.filter((row) => column.values[row] === null);
  const keys = column.kind === "number" ? column.values : rows.map((row) => (column.values[row] === null ? "" : written(column, row)));
  const differ = column.kind === "number" ? (a, b) => a - b : column.natural ? (a, b) => (a < b ? -1 : a > b ? 1 : 0) : collator.compare;
  known.sort((a, b) => sign * differ(keys[a], keys[b]) || a - b);
  return Int32Array.from([...known, ...unknown]);
}
