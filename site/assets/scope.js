// Tells the style sheets that scripts run, and the other scripts where the site begins.
// A file of its own instead of lines in each page, so that the Content-Security-Policy allows no script within a page.
(() => {
  document.documentElement.classList.replace("no-js", "js");
  window.pathdexRoot = new URL("../", document.currentScript.src);
})();
