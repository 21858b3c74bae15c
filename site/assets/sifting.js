// A long list or table, sifted by words and by kind, kept in the address. Without it the list stays whole.
import { many, remember } from "./making.js";

const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

function furnish(form) {
  const list = document.getElementById(form.dataset.sift);
  const said = form.nextElementSibling;
  const rows = [...(list.tBodies?.[0].rows ?? list.children)].map((element) => ({ element, text: plain(element.textContent), kind: element.dataset.kind }));
  const kinds = form.elements.kind;

  function show() {
    const words = plain(form.elements.q.value).split(/\s+/).filter(Boolean);
    const found = rows.filter(({ element, text, kind }) => {
      const fits = words.every((word) => text.includes(word)) && (!kinds?.value || kind === kinds.value);
      element.hidden = !fits;
      return fits;
    });
    kinds?.classList.toggle("is-set", Boolean(kinds.value));
    const all = many(rows.length, form.dataset.one, form.dataset.many);
    said.textContent = found.length === rows.length ? all : `${found.length} of ${all}`;
  }

  function keep() {
    remember(new URLSearchParams([...new FormData(form)].filter(([, value]) => value)));
  }

  const state = new URLSearchParams(location.search);
  form.elements.q.value = state.get("q") ?? "";
  if (kinds && [...kinds.options].some(({ value }) => value === state.get("kind"))) kinds.value = state.get("kind");
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => { show(); keep(); });
  form.hidden = false;
  said.hidden = false;
  show();
  form.classList.add("is-ready");
}

document.querySelectorAll("[data-sift]").forEach(furnish);
