// The table of rungs: filter by text and by the status of each rung, kept in the address. And on every page: how long ago evidence
// was measured, and this site's address in what people copy. Without it the table stays whole and dates stay dates.
(() => {
  const day = 24 * 60 * 60 * 1000;
  for (const time of document.querySelectorAll("time[data-age]")) {
    const days = Math.floor((Date.now() - Date.parse(time.dateTime)) / day);
    if (days < 0 || Number.isNaN(days)) continue;
    const age = days === 0 ? "today" : days === 1 ? "a day ago" : `${days} days ago`;
    if (time.dataset.age === "told") time.textContent += ` (${age})`;
    else time.title = age;
  }

  if (window.pathdexRoot) {
    const home = window.pathdexRoot.href.replace(/\/$/, "");
    for (const code of document.querySelectorAll("code[data-site]")) code.textContent = code.textContent.replaceAll("SITE", home);
    for (const note of document.querySelectorAll("[data-site-note]")) note.hidden = true;
  }

  const box = document.querySelector("[data-status]");
  if (!box) return;
  const form = box.querySelector("form");
  const count = box.querySelector("[role=status]");
  const none = box.querySelector(".status__none");
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const selects = [...form.querySelectorAll("select")];
  const heads = [...box.querySelectorAll("thead th")].map((head) => head.textContent.trim().toLowerCase());
  const rows = [...box.querySelectorAll("tbody tr")].map((element) => {
    const words = [...element.cells].map((cell) => (cell.querySelector(".state") ?? cell).textContent.trim());
    return { element, text: plain(element.textContent), kind: element.dataset.kind, ...Object.fromEntries(heads.map((head, place) => [head, words[place]])) };
  });

  function filter() {
    const words = plain(form.elements.q.value).split(/\s+/).filter(Boolean);
    const chosen = selects.filter((select) => select.value);
    let shown = 0;
    for (const row of rows) {
      const fits = words.every((word) => row.text.includes(word))
        && chosen.every((select) => row[select.name] === select.value);
      row.element.hidden = !fits;
      shown += fits;
    }
    for (const select of selects) select.classList.toggle("is-set", Boolean(select.value));
    count.textContent = shown === rows.length ? `${shown} models` : `${shown} of ${rows.length} models`;
    none.hidden = shown > 0;
  }

  function remember() {
    const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value)).toString();
    history.replaceState(history.state, "", `${location.pathname}${query ? `?${query}` : ""}${location.hash}`);
  }

  const state = new URLSearchParams(location.search);
  for (const field of form.querySelectorAll("input, select")) {
    const value = state.get(field.name) ?? "";
    if (field.tagName === "INPUT" || [...field.options].some((option) => option.value === value)) field.value = value;
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => { filter(); remember(); });
  form.addEventListener("reset", () => setTimeout(() => { filter(); remember(); }));
  form.hidden = false;
  filter();
  box.classList.add("is-ready");
})();
