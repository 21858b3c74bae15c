// What Material's bundle expects of a page: where the site begins, and a store that is the site's own.
// A file of its own instead of lines in each page, so that the Content-Security-Policy allows no script within a page.
(() => {
  const scope = new URL("../", document.currentScript.src);
  const key = (name, place) => `${place.pathname}.${name}`;
  window.__md_scope = scope;
  window.__md_hash = (text) => [...text].reduce((sum, letter) => (sum << 5) - sum + letter.charCodeAt(0), 0);
  window.__md_get = (name, store = localStorage, place = scope) => JSON.parse(store.getItem(key(name, place)));
  window.__md_set = (name, value, store = localStorage, place = scope) => {
    try {
      store.setItem(key(name, place), JSON.stringify(value));
    } catch {
      // a browser that keeps nothing forgets the choice, and that is all
    }
  };
})();
