// Small things of every page: the menu's button, and code blocks that are no landmarks.
(() => {
  const drawer = document.getElementById("__drawer");
  const button = document.querySelector("[data-menu]");
  if (drawer && button) {
    button.addEventListener("click", () => drawer.click());
    drawer.addEventListener("change", () => button.setAttribute("aria-expanded", String(drawer.checked)));
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !drawer.checked) return;
      drawer.click();
      button.focus();
    });
  }

  // Material puts the button that copies code into a <nav>, one for each block.
  const content = document.querySelector(".md-content");
  const mend = () => content.querySelectorAll(".md-code__nav:not([role])").forEach((nav) => nav.setAttribute("role", "none"));
  if (content) new MutationObserver(mend).observe(content, { childList: true, subtree: true });
})();
