// What a reader sets in a form is offered in the forms of other pages that ask for the same, and never applied unasked. It
// stays in this browser; where that keeps nothing, nothing is offered.
const KEPT = "calculators";
export const kept = {
  read() {
    try {
      return Object.entries(JSON.parse(localStorage.getItem(KEPT)) || {}).filter(([, value]) => typeof value === "string");
    } catch {
      return [];
    }
  },

  add(values) {
    try {
      localStorage.setItem(KEPT, JSON.stringify({ ...Object.fromEntries(this.read()), ...values }));
    } catch { /* it is not kept then */ }
  },

  forget() {
    try {
      localStorage.removeItem(KEPT);
    } catch { /* there was nothing */ }
  },
};
