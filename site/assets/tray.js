// The models that were picked for a comparison, at the lower edge of the page.
import { value } from "./columns.js";
import { make, many } from "./making.js";

export const MOST = 6;

export class Tray {
  constructor(place, table, address, changed) {
    Object.assign(this, { place, table, address, changed, ids: [] });
  }

  recall(ids) {
    this.ids = [...new Set(ids)].filter((id) => this.table.places.has(id)).slice(0, MOST);
    this.show();
  }

  name(id) {
    return value(this.table.first, this.table.places.get(id));
  }

  box(row) {
    const id = this.table.ids[row];
    const pick = (event) => this.pick(id, event.target.checked);
    const label = `Compare ${value(this.table.first, row)}`;
    const full = this.ids.length >= MOST && !this.ids.includes(id);
    const input = make("input", { type: "checkbox", value: id, "aria-label": label, checked: this.ids.includes(id), disabled: full, onchange: pick });
    return make("label", { class: "pick", title: full ? `At most ${MOST} models at once` : label }, input);
  }

  pick(id, wanted) {
    this.ids = wanted ? [...this.ids, id].slice(0, MOST) : this.ids.filter((other) => other !== id);
    for (const input of document.querySelectorAll(".pick input")) {
      input.checked = this.ids.includes(input.value);
      input.disabled = this.ids.length >= MOST && !input.checked;
    }
    this.show();
    this.changed();
  }

  show() {
    this.place.hidden = this.ids.length === 0;
    const drop = (id) => make("button", { type: "button", "aria-label": `Leave ${this.name(id)} out`, onclick: () => this.pick(id, false) }, this.name(id), make("span", { "aria-hidden": "true" }, " ×"));
    const enough = this.ids.length > 1;
    const query = this.ids.map(encodeURIComponent).join(",");
    const leads = enough ? make("a", { class: "button button--main", href: `${this.address}?models=${query}` }, `Compare ${many(this.ids.length, "model", "models")}`) : make("span", { class: "quiet" }, "Pick another to compare");
    this.place.replaceChildren(...this.ids.map(drop), leads);
  }
}
