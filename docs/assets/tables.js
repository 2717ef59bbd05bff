// Sorts and filters the tables of data. Knows no table: it reads the headings and cells that are there.

const ANY = "";

function mount(box, place) {
  if (box.dataset.mounted) return;
  box.dataset.mounted = "yes";
  const table = box.querySelector("table");
  const body = table.tBodies[0];
  const headings = [...table.tHead.rows[0].cells];
  // Read once: what is searched, and the cells, so that a filter touches nothing but the rows it hides.
  const rows = [...body.rows].map((element) => ({ element, text: element.textContent.toLowerCase(), shown: true }));
  const count = box.querySelector(".data-table-count");
  const chosen = new Map(); // column number: value
  let words = [];
  let sorted = { column: -1, down: false };

  const controls = document.createElement("form");
  controls.className = "data-table-controls";
  controls.addEventListener("submit", (event) => event.preventDefault());
  const search = labelled("Find", document.createElement("input"));
  search.type = "search";
  search.autocomplete = "off";
  search.placeholder = "words, in any column";
  const selects = headings.flatMap((head, column) => "filter" in head.dataset ? [select(head, column)] : []);
  count.before(controls);
  search.addEventListener("input", () => { words = split(search.value); apply(); keep(); });
  headings.forEach(sortable);
  restore();
  apply();

  function labelled(text, input) {
    const label = document.createElement("label");
    label.append(text, " ", input);
    controls.append(label);
    return input;
  }

  function select(head, column) {
    const values = [...new Set(rows.map((row) => cellText(row, column)))].filter(Boolean).sort((a, b) => a.localeCompare(b));
    const found = labelled(head.firstChild.textContent.trim(), document.createElement("select"));
    found.append(new Option("all", ANY), ...values.map((value) => new Option(value, value)));
    found.dataset.column = column;
    found.addEventListener("change", () => { choose(column, found.value); apply(); keep(); });
    return found;
  }

  function choose(column, value) {
    if (value === ANY) chosen.delete(column);
    else chosen.set(column, value);
  }

  function apply() {
    let shown = 0;
    for (const row of rows) {
      const fits = words.every((word) => row.text.includes(word))
        && [...chosen].every(([column, value]) => cellText(row, column) === value);
      if (fits !== row.shown) row.element.hidden = !fits;
      row.shown = fits;
      shown += fits;
    }
    const said = shown === rows.length ? `${rows.length} rows` : `${shown} of ${rows.length} rows`;
    if (count.textContent !== said) count.textContent = said;
  }

  function sortable(head, column) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      sort(column, sorted.column === column && !sorted.down);
      keep();
    });
  }

  // Empty cells go last, whichever way round.
  function sort(column, down) {
    sorted = { column, down };
    const keyed = rows.map((row) => ({ row, key: sortKey(row.element.cells[column]) }));
    keyed.sort((a, b) => (a.key === null) - (b.key === null) || (down ? -1 : 1) * compare(a.key, b.key));
    body.append(...keyed.map(({ row }) => row.element));
    headings.forEach((head, i) => i === column
      ? head.setAttribute("aria-sort", down ? "descending" : "ascending") : head.removeAttribute("aria-sort"));
  }

  // The address follows what is chosen, so that a filtered table can be linked. What belongs to other tables of the page stays.
  function keep() {
    const query = new URLSearchParams(location.search);
    const own = ["find", "sort", ...headings.map((_, column) => name(column))];
    for (const one of own) query.delete(called(one));
    if (search.value) query.set(called("find"), search.value);
    for (const [column, value] of chosen) query.set(called(name(column)), value);
    if (sorted.column >= 0) query.set(called("sort"), (sorted.down ? "-" : "") + name(sorted.column));
    history.replaceState(history.state, "", location.pathname + (query.size ? `?${query}` : "") + location.hash);
  }

  function restore() {
    const query = new URLSearchParams(location.search);
    search.value = query.get(called("find")) || "";
    words = split(search.value);
    for (const one of selects) {
      const value = query.get(called(name(Number(one.dataset.column))));
      if (![...one.options].some((option) => option.value === value)) continue;
      one.value = value;
      choose(Number(one.dataset.column), value);
    }
    const by = query.get(called("sort")) || "";
    const column = headings.findIndex((_, i) => name(i) === by.replace(/^-/, ""));
    if (column >= 0) sort(column, by.startsWith("-"));
  }

  function name(column) {
    return headings[column].dataset.name;
  }

  // In the address, the tables of a page after the first put their own name before their columns'.
  function called(one) {
    return place ? `${box.dataset.table}.${one}` : one;
  }
}

function split(text) {
  return text.toLowerCase().split(/\s+/).filter(Boolean);
}

function cellText(row, column) {
  return row.element.cells[column].textContent.trim();
}

function sortKey(cell) {
  if (cell.dataset.sort) return Number(cell.dataset.sort);
  const text = cell.textContent.trim();
  const figure = Number(text.replaceAll(",", ""));
  return text === "" ? null : Number.isNaN(figure) ? text : figure;
}

function compare(a, b) {
  if (a === null || b === null) return 0;
  if (typeof a === typeof b) return typeof a === "number" ? a - b : a.localeCompare(b);
  return typeof a === "number" ? -1 : 1;
}

// How old the figures are today, and not on the day of the build.
function sayAge(line) {
  const old = Math.floor((Date.now() - new Date(line.dataset.oldest)) / 86_400_000);
  if (old < 0) return;
  line.textContent = line.textContent.replace(/On \d{4}-\d\d-\d\d the oldest.*$/, `The oldest reading is ${old} days old.`);
  if (old > Number(line.dataset.shelf || Infinity)) {
    line.classList.add("stale");
    line.append(" ", line.dataset.stale.replace("{}", line.dataset.shelf));
  }
}

function mountAll() {
  document.querySelectorAll(".data-table").forEach(mount);
  document.querySelectorAll(".facts-age:not([data-said])").forEach((line) => { line.dataset.said = "yes"; sayAge(line); });
}

if (typeof document$ === "undefined") mountAll();
else document$.subscribe(mountAll);
