// Small pieces of a page that several scripts make.

export const NOTICE = "md-button";

export function button(text, press, name = NOTICE) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = name === NOTICE ? NOTICE : `${NOTICE} ${name}`;
  made.textContent = text;
  made.addEventListener("click", press);
  return made;
}

// What is chosen several times under one name is a list, with commas between.
export function together(pairs) {
  const found = {};
  for (const [name, value] of pairs) found[name] = name in found ? `${found[name]},${value}` : value;
  return found;
}
