// Brings the script of a page that asks for one: the tables, the guided choice, the comparison, what can be sorted and sifted.
const scripts = { "[data-explorer]": "./explorer.js", "[data-choice]": "./choice.js", "[data-compared]": "./compare.js", "table.sortable": "./sorting.js", "[data-sift]": "./sifting.js" };
for (const [mark, script] of Object.entries(scripts)) {
  const box = document.querySelector(mark);
  if (box) import(script).catch(() => box.classList.add("is-plain"));
}
