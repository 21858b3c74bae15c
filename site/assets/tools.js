// Brings the script of a page that asks for one: the tables, the guided choice, the comparison.
const scripts = { "[data-explorer]": "./explorer.js", "[data-choice]": "./choice.js", "[data-compared]": "./compare.js" };
for (const [mark, script] of Object.entries(scripts)) {
  const box = document.querySelector(mark);
  if (box) import(script).catch(() => box.classList.add("is-plain"));
}
