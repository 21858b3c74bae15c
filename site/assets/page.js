// Small things of every page: the menu, copying of code, the part that is being read, and what paper needs.
(() => {
  const content = document.querySelector(".md-content");

  const menu = () => {
    const drawer = document.getElementById("__drawer");
    const button = document.querySelector("[data-menu]");
    button.addEventListener("click", () => drawer.click());
    drawer.addEventListener("change", () => button.setAttribute("aria-expanded", String(drawer.checked)));
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !drawer.checked) return;
      drawer.click();
      button.focus();
    });
  };

  // Said to those who look and to those who listen.
  const say = (words) => {
    const box = document.querySelector(".md-dialog");
    box.firstElementChild.textContent = words;
    box.classList.add("md-dialog--active");
    setTimeout(() => box.classList.remove("md-dialog--active"), 2500);
  };

  const copying = (code) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "md-code__button";
    button.dataset.mdType = "copy";
    button.title = "Copy";
    button.setAttribute("aria-label", "Copy this code");
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
        say("Copied");
      } catch {
        getSelection().selectAllChildren(code);
        say("Selected; copy it with the keyboard");
      }
    });
    const place = document.createElement("div");
    place.className = "md-code__nav";
    place.append(button);
    code.before(place);
  };

  // What scrolls within itself can be reached by keyboard, also where it is unfolded or the window turned later.
  const reachable = () => {
    const watch = new ResizeObserver((seen) => {
      for (const { target } of seen) {
        if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
        else target.removeAttribute("tabindex");
      }
    });
    content.querySelectorAll("pre > code, table:not([class])").forEach((box) => watch.observe(box));
  };

  const following = () => {
    const links = [...document.querySelectorAll(".md-sidebar--secondary a[href^='#']")];
    const heading = (link) => document.getElementById(decodeURIComponent(link.hash.slice(1)));
    const mark = (shown) => links.forEach((link) => link.classList.toggle("md-nav__link--active", heading(link) === shown));
    const watch = new IntersectionObserver((seen) => {
      const now = seen.find((one) => one.isIntersecting);
      if (now) mark(now.target);
    }, { rootMargin: "-60px 0px -70%" });
    for (const link of links) if (heading(link)) watch.observe(heading(link));
  };

  // For the paper: folded parts open, and the sources of all receipts in a numbered list at the end.
  const printing = () => {
    let closed = [];
    const notes = document.createElement("div");
    notes.className = "paper-notes";
    addEventListener("beforeprint", () => {
      closed = [...content.querySelectorAll("details:not([open], .placed, .cite, .facet)")];
      for (const one of closed) one.open = true;
      const places = new Map();
      for (const mark of content.querySelectorAll("a.receipt")) {
        if (!places.has(mark.href)) places.set(mark.href, places.size + 1);
        mark.dataset.note = places.get(mark.href);
      }
      if (!places.size) return;
      const title = document.createElement("h2");
      title.textContent = "Sources";
      const list = document.createElement("ol");
      for (const address of places.keys()) list.append(Object.assign(document.createElement("li"), { textContent: address }));
      notes.replaceChildren(title, list);
      content.querySelector("article").append(notes);
    });
    addEventListener("afterprint", () => {
      for (const one of closed) one.open = false;
      notes.remove();
    });
  };

  menu();
  document.querySelector(".md-dialog")?.setAttribute("role", "status");
  content.querySelectorAll("pre > code").forEach(copying);
  reachable();
  following();
  printing();
})();
