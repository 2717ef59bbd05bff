// What stands below a result: chances that come a moment later, results that were kept, and a record to sign.

import { together } from "./dom.js";

const LATER = ["chances", "flips"]; // the places that the first reply leaves empty
export const MOST_KEPT = 3; // beside the one on show

export function more(section) {
  const place = (name) => section.querySelector(`[data-${name}]`);
  const state = {
    kept: [], // the queries of the results that were kept
    then: null, // the day of a dated link, and its fields

    // What an address holds beside the inputs. Returns the inputs.
    take(parameters) {
      state.kept = parameters.getAll("keep").slice(0, MOST_KEPT);
      const day = parameters.get("as_of");
      parameters.delete("keep");
      parameters.delete("as_of");
      const fields = together(parameters);
      state.then = day ? { day, fields } : null;
      return fields;
    },

    // The same, to be added to an address.
    text() {
      const kept = state.kept.map((query) => `&keep=${encodeURIComponent(query)}`).join("");
      return (state.then ? `&as_of=${state.then.day}` : "") + kept;
    },

    wanted() {
      return { kept: state.kept.map((query) => together(new URLSearchParams(query))), then: state.then || {} };
    },

    // The room of what is on its way is kept, so that nothing jumps.
    heights() {
      return LATER.map((name) => (place(name) ? place(name).offsetHeight : 0));
    },

    reserve(heights) {
      LATER.forEach((name, i) => {
        if (place(name)) place(name).style.minHeight = `${heights[i]}px`;
      });
    },

    fill({ compared, record, ...later }) {
      for (const name of LATER.filter(place)) {
        place(name).innerHTML = later[name];
        place(name).style.minHeight = "";
      }
      place("compared").innerHTML = compared;
      const open = place("record").querySelector("details")?.open;
      place("record").innerHTML = record;
      state.live();
      if (open && record) place("record").querySelector("details").open = true;
    },

    // The record's buttons work only with this script.
    live() {
      for (const part of place("record").querySelectorAll(".record-actions")) part.hidden = false;
    },

    recordText(page) {
      const text = place("record").querySelector("[data-record-text]").content.textContent;
      return text.replace(/(^|[\s(<[])\?v=/g, `$1${page}?v=`);
    },

    save(page) {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([state.recordText(page)], { type: "text/markdown" }));
      link.download = `record-${section.dataset.asOf}.md`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    },

    print() {
      const root = document.documentElement;
      place("record").querySelector("details").open = true;
      for (const link of place("record").querySelectorAll(".record-page a")) link.setAttribute("href", link.href); // whole, on paper
      root.classList.add("print-record");
      addEventListener("afterprint", () => root.classList.remove("print-record"), { once: true });
      print();
    },
  };
  state.live();
  return state;
}
