// Which fields a form shows: those that the answers so far ask for, and on a narrow screen one step at a time.

import { button } from "./dom.js";

const NARROW = "(max-width: 44.9844em)"; // as the theme counts a phone

// A field says when it is asked: "fruit=apple size=large,small". Every part must hold, and each field named must itself be asked.
export function showAsked(form) {
  const answers = new FormData(form);
  const row = (name) => form.querySelector(`[data-field="${CSS.escape(name)}"]`);
  const asked = (field) => !field.dataset.when || field.dataset.when.split(" ").every((part) => {
    const [name, values] = part.split("=");
    return values.split(",").includes(answers.get(name)) && asked(row(name));
  });
  for (const field of form.querySelectorAll("[data-when]")) field.hidden = !asked(field);
  for (const part of form.querySelectorAll(".more-fields, .form-step")) part.hidden = !part.querySelector("[data-field]:not([hidden])");
}

// The steps of a form. Returns what to call when the fields on show have changed, with the field to bring into view if any.
export function steps(form) {
  const all = [...form.querySelectorAll(".form-step")];
  if (all.length < 2) return () => {};
  const narrow = matchMedia(NARROW);
  const bar = document.createElement("p");
  const where = document.createElement("span");
  const back = button("Back", () => move(-1));
  const next = button("Next", () => move(1));
  let at = 0;
  bar.className = "step-bar";
  bar.append(back, where, next);
  form.querySelector(".calculator-actions").before(bar);
  for (const step of all) step.querySelector("legend").tabIndex = -1;

  function move(by) {
    at += by;
    show();
    const open = all.find((step) => !step.classList.contains("step-off") && !step.hidden);
    open.querySelector("legend").focus();
    open.scrollIntoView({ block: "start" });
  }

  function show(field) {
    const open = all.filter((step) => !step.hidden);
    if (field) at = Math.max(0, open.findIndex((step) => step.contains(field)));
    at = Math.max(0, Math.min(at, open.length - 1));
    for (const step of all) step.classList.toggle("step-off", narrow.matches && step !== open[at]);
    bar.hidden = !narrow.matches || open.length < 2;
    where.textContent = `Step ${at + 1} of ${open.length}`;
    back.disabled = at === 0;
    next.disabled = at === open.length - 1;
  }

  narrow.addEventListener("change", () => show());
  show();
  return show;
}
