// The current selection as CSV, JSON or BibTeX.
import { save } from "./making.js";
import { value } from "./columns.js";

export function csv(table, rows) {
  const columns = [...table.columns.values()];
  const cell = (held) => {
    const text = held === null ? "" : [held].flat().join("; ");
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const line = (row) => [table.ids[row], ...columns.map((column) => value(column, row))].map(cell).join(",");
  return [["id", ...columns.map((column) => column.key)].join(","), ...[...rows].map(line)].join("\r\n") + "\r\n";
}

// What is not known is left out.
export function json(table, rows) {
  const columns = [...table.columns.values()];
  const record = (row) => {
    const known = columns.filter((column) => column.values[row] !== null).map((column) => [column.key, value(column, row)]);
    return { id: table.ids[row], page: new URL(`${encodeURIComponent(table.ids[row])}/`, document.baseURI).href, ...Object.fromEntries(known) };
  };
  return `${JSON.stringify([...rows].map(record), null, 1)}\n`;
}

// The papers themselves, or those about the models, out of the bibliography.
export function bibtex(table, rows, bibliography) {
  const papers = table.columns.get("papers");
  const keys = new Set([...rows].flatMap((row) => (papers ? value(papers, row) ?? [] : table.ids[row])));
  const entries = bibliography.split(/\n(?=@)/).filter((entry) => keys.has(/^@\w+\{([^,]+),/.exec(entry)?.[1]));
  return entries.map((entry) => `${entry.trim()}\n`).join("\n");
}

export async function download(kind, name, table, rows, source) {
  if (kind === "csv") save(`${name}.csv`, "text/csv;charset=utf-8", csv(table, rows));
  else if (kind === "json") save(`${name}.json`, "application/json", json(table, rows));
  else save(`${name}.bib`, "application/x-bibtex", bibtex(table, rows, await (await fetch(source)).text()));
}
