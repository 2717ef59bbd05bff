// Fields of a form, one at a time: what they hold, and what they held when the page was built.

// 20,000 and 20000 are the same value.
export function plain(value) {
  return value.replace(/[\s,]/g, "");
}

export function changed(input) {
  if (input.options) return [...input.options].some((option) => option.selected !== option.defaultSelected);
  return ["text", "date", "textarea"].includes(input.type) ? input.value !== input.defaultValue : input.checked !== input.defaultChecked;
}

// A field as it was built.
export function restore(input) {
  for (const option of input.options || []) option.selected = option.defaultSelected;
  if (input.options) return;
  if (["radio", "checkbox"].includes(input.type)) input.checked = input.defaultChecked;
  else if ("defaultValue" in input) input.value = input.defaultValue;
}
