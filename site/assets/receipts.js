// A receipt tells where a value was read: to a mouse that points at it, to the keyboard that reaches it, and to a finger that taps it,
// which opens the source at the second tap or by the link in the tip. Without this script a receipt is a link with a title.
(() => {
  const marks = document.querySelectorAll("a.receipt");
  if (!marks.length) return;
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.id = "tip";
  tip.setAttribute("role", "status"); // so that it is read out too; a link in it forbids the role of a tooltip
  tip.hidden = true;
  document.body.append(tip);
  let shown = null;
  let touched = false;
  let leaving = 0;

  function show(mark, withLink) {
    clearTimeout(leaving);
    shown = mark;
    tip.replaceChildren(mark.dataset.tip);
    if (withLink) {
      const link = document.createElement("a");
      link.href = mark.href;
      link.rel = "noopener";
      link.textContent = "Open the source";
      tip.append(document.createElement("br"), link);
    }
    tip.hidden = false;
    const place = mark.getBoundingClientRect();
    const left = Math.max(8, Math.min(place.left - 12, document.documentElement.clientWidth - tip.offsetWidth - 8));
    const below = place.bottom + tip.offsetHeight + 8 < innerHeight || place.top < tip.offsetHeight + 60;
    tip.style.left = `${left + scrollX}px`;
    tip.style.top = `${(below ? place.bottom + 4 : place.top - tip.offsetHeight - 4) + scrollY}px`;
  }

  function hide() {
    tip.hidden = true;
    shown = null;
  }

  for (const mark of marks) {
    mark.dataset.tip = mark.title;
    mark.removeAttribute("title"); // or the browser's own tip covers this one
    mark.addEventListener("pointerenter", (event) => { if (event.pointerType === "mouse") show(mark, false); });
    mark.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") leaving = setTimeout(hide, 150); });
    mark.addEventListener("pointerdown", (event) => { touched = event.pointerType !== "mouse"; });
    mark.addEventListener("focus", () => { if (!touched && mark.matches(":focus-visible")) show(mark, false); });
    mark.addEventListener("blur", () => { if (!touched) hide(); });
    mark.addEventListener("click", (event) => {
      if (!touched || shown === mark) return;
      event.preventDefault();
      show(mark, true);
    });
  }
  tip.addEventListener("pointerenter", () => clearTimeout(leaving));
  tip.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") hide(); });
  document.addEventListener("pointerdown", (event) => { if (!event.target.closest(".receipt, .tip")) hide(); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
})();
