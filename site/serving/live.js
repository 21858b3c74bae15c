// Only where `pathdex serve` shows the site: shows the page anew once it was built anew, and what is wrong while it can't be.
const EVERY = 700;
const address = "/_serving/state.json";
let built;

function show(problem) {
  const old = document.querySelector(".serving");
  if (!problem) {
    old?.remove();
    return;
  }
  const box = old ?? document.body.appendChild(document.createElement("pre"));
  box.className = "serving";
  box.setAttribute("role", "alert");
  if (box.textContent !== problem) box.textContent = problem;
}

async function look() {
  try {
    const state = await (await fetch(address, { cache: "no-store" })).json();
    built ??= state.built;
    if (state.built !== built) location.reload();
    show(state.problem);
  } catch {
    show("pathdex serve has stopped.");
  }
  setTimeout(look, EVERY);
}

look();
