// Search in a dialog, with the index that pagefind writes beside the site. `/` opens it, arrows move, Escape closes.
(() => {
  const dialog = document.querySelector("dialog.search");
  if (!dialog || !dialog.showModal) return;
  const input = dialog.querySelector(".search__input");
  const said = dialog.querySelector(".search__said");
  const list = dialog.querySelector(".search__results");
  const most = 12;
  let index = null;
  let asked = 0;

  const load = () => {
    index ??= import(new URL("pagefind/pagefind.js", window.pathdexRoot).href).then(async (pagefind) => {
      await pagefind.init();
      return pagefind;
    });
    return index;
  };

  const open = () => {
    if (dialog.open) return;
    dialog.showModal();
    input.select();
    load().catch(() => { said.textContent = "The search index is missing; it is written by pathdex build --site."; });
  };

  // Only text and <mark> of an excerpt reach the page.
  const excerpt = (html) => {
    const shown = document.createElement("span");
    shown.className = "search__excerpt";
    for (const node of new DOMParser().parseFromString(html, "text/html").body.childNodes) {
      const part = document.createElement(node.nodeName === "MARK" ? "mark" : "span");
      part.textContent = node.textContent;
      shown.append(part);
    }
    return shown;
  };

  const row = (page) => {
    const item = document.createElement("li");
    const link = document.createElement("a");
    const title = document.createElement("strong");
    const where = document.createElement("span");
    link.href = page.url;
    title.textContent = page.meta.title || page.url;
    where.className = "search__where";
    where.textContent = page.raw_url?.split("/").filter(Boolean)[0] ?? "";
    link.append(title, " ", where, excerpt(page.excerpt));
    item.append(link);
    return item;
  };

  const search = async () => {
    const query = input.value.trim();
    const mine = ++asked;
    if (!query) {
      list.replaceChildren();
      said.textContent = "";
      return;
    }
    try {
      const found = await (await load()).search(query);
      const pages = await Promise.all(found.results.slice(0, most).map((result) => result.data()));
      if (mine !== asked) return; // a later query has overtaken this one
      list.replaceChildren(...pages.map(row));
      const number = found.results.length;
      said.textContent = number === 0 ? `Nothing found for “${query}”.` : `${number} page${number === 1 ? "" : "s"}`;
    } catch {
      said.textContent = "The search index is missing; it is written by pathdex build --site.";
    }
  };

  const move = (event) => {
    if (event.key === "Escape") {
      event.preventDefault(); // which would only empty the field
      dialog.close();
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const stops = [input, ...list.querySelectorAll("a")];
    const next = stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    event.preventDefault();
    stops[(next + stops.length) % stops.length].focus();
  };

  let waiting;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(search, 120);
  });
  dialog.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    list.querySelector("a")?.click();
  });
  dialog.querySelector(".search__close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("keydown", move);
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  for (const button of document.querySelectorAll("[data-search-open]")) button.addEventListener("click", open);
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      open();
    }
  });
})();
