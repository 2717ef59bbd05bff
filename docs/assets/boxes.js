// A long list of boxes is one stop of the Tab key: arrow keys, Home and End move inside it. Space ticks, as everywhere.

const MOVES = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, Home: -Infinity, End: Infinity };

export function rove(form) {
  for (const list of form.querySelectorAll(".boxes:has([data-find])")) {
    const shown = () => [...list.querySelectorAll("label:not([hidden]) > [type=checkbox]")];
    const stop = (box) => {
      for (const other of list.querySelectorAll("[type=checkbox][tabindex='0']")) other.tabIndex = -1;
      if (box) box.tabIndex = 0;
    };
    for (const box of list.querySelectorAll("[type=checkbox]")) box.tabIndex = -1;
    stop(shown()[0]);
    const hint = document.createElement("small");
    hint.className = "help";
    hint.textContent = "Arrow keys move from box to box.";
    list.querySelector(".control").before(hint);

    list.addEventListener("focusin", ({ target }) => target.type === "checkbox" && stop(target));
    list.addEventListener("keydown", (event) => {
      const move = MOVES[event.key];
      if (!move || event.target.type !== "checkbox" || event.altKey || event.ctrlKey || event.metaKey) return;
      const boxes = shown();
      const to = Math.min(boxes.length - 1, Math.max(0, boxes.indexOf(event.target) + move));
      event.preventDefault();
      boxes[to].focus();
    });
    // What is found decides which boxes are left: the stop must be one of them. After calculator.js has hidden the others.
    const check = () => setTimeout(() => list.querySelector("label:not([hidden]) > [tabindex='0']") || stop(shown()[0]));
    list.addEventListener("input", check);
    form.addEventListener("reset", () => setTimeout(check));
  }
}
