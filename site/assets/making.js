// Makes elements; whatever a value holds reaches the page as text.
export function make(tag, settings = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, held] of Object.entries(settings)) {
    if (held === undefined || held === null || held === false) continue;
    if (name === "onclick" || name === "onchange" || name === "oninput") element.addEventListener(name.slice(2), held);
    else if (name === "checked" || name === "hidden" || name === "disabled") element[name] = held;
    else element.setAttribute(name, held === true ? "" : held);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export const many = (number, one, more) => `${number.toLocaleString("en-US")} ${number === 1 ? one : more}`;

export function save(name, type, text) {
  const link = make("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// Keeps a page's state in its address without a step in the history.
export function remember(state) {
  const query = state.toString();
  history.replaceState(history.state, "", `${location.pathname}${query ? `?${query}` : ""}${location.hash}`);
}
