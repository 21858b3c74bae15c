// Light or dark: what was chosen on an earlier visit, else what the system asks for. It runs before the page is drawn.
(() => {
  const key = `${window.pathdexRoot.pathname}scheme`;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const button = document.querySelector("[data-scheme]");
  let chosen = null;
  try {
    chosen = localStorage.getItem(key);
  } catch {
    // a browser that keeps nothing follows the system
  }

  const show = () => {
    const scheme = chosen ?? (dark.matches ? "slate" : "default");
    document.body.dataset.mdColorScheme = scheme;
    button.setAttribute("aria-pressed", String(scheme === "slate"));
  };

  dark.addEventListener("change", show);
  button.addEventListener("click", () => {
    chosen = document.body.dataset.mdColorScheme === "slate" ? "default" : "slate";
    show();
    try {
      localStorage.setItem(key, chosen);
    } catch {
      // the choice holds for this page, and that is all
    }
  });
  show();
})();
