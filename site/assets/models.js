// The table of models: filter by text and facets, sort by any column, and keep both in the address. Without it the table stays whole.
(() => {
  const box = document.querySelector("[data-table]");
  if (!box) return;
  const form = box.querySelector("form");
  const count = box.querySelector("[role=status]");
  const none = box.querySelector(".models__none");
  const body = box.querySelector("tbody");
  const heads = [...box.querySelectorAll("thead th[data-key]")];
  const rows = [...body.rows].map((element, place) => ({
    element,
    place,
    text: plain(element.textContent),
    values: [...element.cells].map((cell) => (cell.dataset.sort ?? cell.textContent).trim()),
  }));
  let sorted = "name";

  function plain(text) {
    return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  }

  // Numbers as numbers, text as text; what is not known comes last in both directions.
  function compare(column, sign) {
    const numeric = heads[column].classList.contains("number");
    return (a, b) => {
      const [left, right] = [a.values[column], b.values[column]];
      const [lacking, lacked] = [left === "" || left === "–", right === "" || right === "–"];
      if (lacking || lacked) return lacking - lacked || a.place - b.place;
      const order = numeric ? Number(left) - Number(right) : left.localeCompare(right, "en", { numeric: true, sensitivity: "base" });
      return sign * order || a.place - b.place;
    };
  }

  function sort() {
    const key = sorted.replace(/^-/, "");
    const column = heads.findIndex((head) => head.dataset.key === key);
    if (column < 0) return;
    const down = sorted.startsWith("-");
    rows.sort(compare(column, down ? -1 : 1));
    body.append(...rows.map((row) => row.element));
    heads.forEach((head, number) => {
      if (number === column) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
  }

  function filter() {
    const words = plain(form.elements.q.value).split(/\s+/).filter(Boolean);
    const facets = [...form.querySelectorAll("select")].filter((select) => select.value);
    let shown = 0;
    for (const row of rows) {
      const fits = words.every((word) => row.text.includes(word))
        && facets.every((select) => row.element.dataset[select.name] === select.value);
      row.element.hidden = !fits;
      shown += fits;
    }
    for (const select of form.querySelectorAll("select")) select.classList.toggle("is-set", Boolean(select.value));
    count.textContent = shown === rows.length ? `${shown} models` : `${shown} of ${rows.length} models`;
    none.hidden = shown > 0;
  }

  function remember() {
    const state = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    if (sorted !== "name") state.set("sort", sorted);
    const query = state.toString();
    history.replaceState(history.state, "", `${location.pathname}${query ? `?${query}` : ""}${location.hash}`);
  }

  function recall() {
    const state = new URLSearchParams(location.search);
    for (const field of form.querySelectorAll("input, select")) {
      const value = state.get(field.name) ?? "";
      if (field.tagName === "INPUT" || [...field.options].some((option) => option.value === value)) field.value = value;
    }
    const wanted = state.get("sort") ?? "name";
    sorted = heads.some((head) => head.dataset.key === wanted.replace(/^-/, "")) ? wanted : "name";
  }

  for (const head of heads) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const key = head.dataset.key;
      const numeric = head.classList.contains("number");
      const first = numeric ? `-${key}` : key;
      const other = numeric ? key : `-${key}`;
      sorted = sorted === first ? other : first;
      sort();
      remember();
    });
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => { filter(); remember(); });
  form.addEventListener("reset", () => setTimeout(() => { filter(); remember(); }));
  form.hidden = false;
  recall();
  sort();
  filter();
})();
