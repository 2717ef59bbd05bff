// Carries what is in a form to Python and puts the HTML that comes back on the page. Knows no calculator and no formula.

import { rove } from "./boxes.js";
import { showAsked, steps } from "./asked.js";
import { button, NOTICE, together } from "./dom.js";
import { changed, plain, restore } from "./fields.js";
import { kept } from "./kept.js";
import { more, MOST_KEPT } from "./more.js";
import { python } from "./python.js";

const URL_DELAY = 150; // ms after the reader's own change
const MORE_DELAY = 300; // ms without a further change before what takes longer is asked for

function mount(section) {
  if (section.dataset.mounted) return;
  section.dataset.mounted = "yes";
  const form = section.querySelector("form");
  const status = section.querySelector("[data-status]");
  const runtime = new URL(`${section.dataset.runtime}/`, location.href).href;
  const facts = section.dataset.facts.split(" ");
  let latest = {
    query: section.dataset.query,
    markdown: section.querySelector("template[data-markdown]").content.textContent,
  };
  let urlTimer = 0;
  let said = "";
  const touched = new Set(); // the fields that the reader has changed here
  const below = more(section);
  const showStep = steps(form);
  let answered = false; // whether a result for the form has been shown here
  let turn = 0; // counts what was asked: what follows an older one is dropped

  function fields() {
    const found = together(new FormData(form));
    for (const box of form.querySelectorAll("[type=checkbox]")) found[box.name] ??= "";
    return found;
  }

  const path = location.pathname;
  const page = location.origin + path;

  // On the way to another page the address changes before this form goes.
  function here() {
    return section.isConnected && location.pathname === path;
  }

  function say(text, retry) {
    if (text === said) return;
    said = text;
    status.textContent = text;
    if (retry) {
      status.append(" ", button("Try again", () => { said = ""; ask(); }, NOTICE));
    }
  }

  function listen({ starting, ready, failed }) {
    if (!section.isConnected) return;
    if (failed) {
      const shown = answered ? "still the last one worked out" : "that of the page as it was built, not of the values in the form";
      say(`Python could not start in your browser: ${failed.replace(/[.\s]+$/, "")}. The result below is ${shown}.`, true);
    } else if (ready) {
      say(python.current || python.waiting ? "Python is ready; working out your values." : "");
    } else if (starting !== undefined) {
      const megabytes = Math.floor(starting / 1e6);
      say(megabytes ? `Starting Python in your browser: ${megabytes} MB read.` : "Starting Python in your browser.");
    }
  }

  function ask(link) {
    turn += 1;
    const asked = { slug: section.dataset.slug, as_of: section.dataset.asOf, page, fields: link || fields(), link: Boolean(link) };
    python.ask(runtime, listen, facts, asked, (reply) => section.isConnected && show(reply, link ? null : asked.fields));
  }

  // What takes longer than the figures, or stands beside them.
  function askMore() {
    const mine = turn;
    setTimeout(() => {
      if (mine !== turn || !here()) return;
      const asked = { slug: section.dataset.slug, as_of: section.dataset.asOf, fields: fields(), more: below.wanted() };
      python.follow(runtime, listen, facts, asked, (reply) => {
        if (section.isConnected && reply.ok && mine === turn) below.fill(reply);
      });
    }, MORE_DELAY);
  }

  // `given`: the fields as the reader set them; null for those of a link.
  function show(reply, given) {
    clearErrors();
    if (!reply.ok) return showErrors(reply.errors);
    const room = below.heights();
    section.querySelector("[data-result]").innerHTML = reply.html;
    below.reserve(room);
    latest = reply;
    answered = true;
    say(reply.notices.join(" "));
    section.dispatchEvent(new CustomEvent("calculator:answered", { bubbles: true }));
    if (!given) fill(reply.fields);
    const asked = below.wanted();
    if (reply.more || asked.kept.length || asked.then.day || section.querySelector("[data-compared]").firstChild) askMore();
    if (!given) return offer();
    kept.add(Object.fromEntries([...touched].filter((name) => shared(name)).map((name) => [name, given[name]])));
    offer();
    writeAddress();
  }

  function writeAddress() {
    clearTimeout(urlTimer);
    urlTimer = setTimeout(() => here()
      && history.replaceState(history.state, "", location.pathname + address(latest.query + below.text())), URL_DELAY);
  }

  // What came by a private link, behind the #, stays there: that part of an address is never sent to the host.
  function address(query) {
    return isPrivate() ? location.search + "#" + query : query + location.hash;
  }

  function keep() {
    if (below.kept.includes(latest.query)) return say("This result is kept already. Change an input to see both side by side.");
    if (below.kept.length >= MOST_KEPT) return say(`Up to ${MOST_KEPT} results are kept beside the one on show. Remove one first.`);
    below.kept.push(latest.query);
    say("The result is kept. Change an input to see both side by side; the link holds both.");
    showKept();
  }

  function showKept() {
    askMore();
    writeAddress();
  }

  function record(what) {
    if (what === "copy") return copyText(below.recordText(page), "The record is copied as Markdown.");
    return what === "save" ? below.save(page) : below.print();
  }

  function clearErrors() {
    for (const place of form.querySelectorAll(".field-error")) place.textContent = "";
    for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  }

  function showErrors(errors) {
    const general = [];
    for (const { field, message } of errors) {
      const row = field && form.querySelector(`[data-field="${CSS.escape(field)}"]`);
      if (!row) general.push(message);
      else {
        row.querySelector(".field-error").textContent = message;
        const controls = row.querySelectorAll("input:not([type=checkbox], [data-find]), select, textarea");
        for (const input of controls) input.setAttribute("aria-invalid", "true");
      }
    }
    unfold();
    say([...general, "The result below is for the values before this change."].join(" "));
  }

  function unasked() {
    showAsked(form);
    showStep();
  }

  // What is folded away but set, or wrong, is shown.
  function unfold() {
    showAsked(form);
    showStep(form.querySelector("[data-field]:not([hidden]):has([aria-invalid])"));
    for (const more of form.querySelectorAll(".more-fields:not([open])")) {
      const inputs = [...more.querySelectorAll("input, select, textarea")];
      more.open = inputs.some((input) => changed(input) || input.hasAttribute("aria-invalid"));
    }
  }

  function fill(values) {
    for (const [name, value] of Object.entries(values)) {
      const input = form.elements[name];
      if (!input) continue;
      const boxes = form.querySelectorAll(`[type=checkbox][name="${CSS.escape(name)}"]`);
      for (const box of boxes) box.checked = value.split(",").includes(box.value);
      if (!boxes.length) input.value = value;
    }
    unfold();
  }

  function shared(name) {
    return form.querySelector(`[data-shared][data-field="${CSS.escape(name)}"]`);
  }

  // What to call a kept value here, or nothing if this field cannot hold it or holds it already.
  function offered(name, value, held) {
    const input = shared(name) && form.elements[name];
    if (!input || plain(value) === plain(held[name] ?? "")) return "";
    if (input.options) return [...input.options].find((option) => option.value === value)?.text ?? "";
    if (input instanceof RadioNodeList) return [...input].some((radio) => radio.value === value) ? value : "";
    return value;
  }

  function offer() {
    for (const old of form.querySelectorAll(".offer")) old.remove();
    const held = fields();
    const found = kept.read().map(([name, value]) => [name, value, offered(name, value, held)]).filter(([, , text]) => text);
    for (const [name, value, text] of found) {
      const press = button(`From your workload: ${text.length > 40 ? text.slice(0, 40) + "…" : text}`, () => take([[name, value]]), "offer");
      press.setAttribute("aria-label", `${shared(name).querySelector("label, legend").textContent}: ${press.textContent}`);
      shared(name).querySelector(".help").before(press);
    }
    if (!found.length) return;
    const bar = document.createElement("p");
    bar.className = "offer offer-all";
    bar.append(
      `From your workload, as you set it before: ${found.length === 1 ? "one value" : `${found.length} values`}. `,
      button("Use all", () => take(found)), " ", button("Forget my workload", () => { kept.forget(); offer(); focusOn(found[0][0]); }),
    );
    form.prepend(bar);
  }

  function take(values) {
    fill(Object.fromEntries(values));
    for (const [name] of values) touched.add(name);
    ask();
    offer();
    focusOn(values[0][0]); // the button that was pressed is gone
  }

  function focusOn(name) {
    form.querySelector(`[data-field="${CSS.escape(name)}"] :is(input, select, textarea)`).focus();
  }

  function find(input) {
    const wanted = input.value.trim().toLowerCase();
    for (const label of input.closest("fieldset").querySelectorAll(".control label")) {
      label.hidden = !label.textContent.toLowerCase().includes(wanted) && !label.control.checked;
    }
    const labels = [...input.closest("fieldset").querySelectorAll(".control label")];
    if (wanted) say(`${labels.filter((label) => !label.hidden).length} of ${labels.length} are shown.`);
  }

  function copy(kind) {
    return copyText(...{
      link: [page + latest.query + below.text(), "The link is copied."],
      private: [page + "#" + latest.query + below.text(), "The private link is copied: its inputs are not sent to the site's host."],
      markdown: [latest.markdown.replace(" ?v=", ` ${page}?v=`), "The result is copied as Markdown."],
    }[kind]);
  }

  async function copyText(text, done) {
    if (form.querySelector("[aria-invalid]")) done += " It holds the last values that gave a result, not those in the form.";
    try {
      await navigator.clipboard.writeText(text);
      say(done);
    } catch {
      prompt("Copy this:", text);
    }
  }

  for (const part of form.querySelectorAll(".calculator-actions, [data-find]")) part.hidden = false;
  rove(form);
  // A pointer that only passes over the form, as when a page is scrolled, is no intent.
  for (const intent of ["pointerdown", "focusin"]) {
    form.addEventListener(intent, () => python.start(runtime, listen, facts), { once: true });
  }
  form.addEventListener("input", ({ target }) => {
    if ("find" in target.dataset) return find(target);
    touched.add(target.name);
    below.then = null; // what is on show is no longer the link
    unasked();
    ask();
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); ask(); });
  form.addEventListener("reset", () => setTimeout(() => {
    form.querySelectorAll("[data-find]").forEach(find);
    unasked();
    ask();
  }));
  form.addEventListener("click", ({ target }) => {
    if (target.dataset.copy) copy(target.dataset.copy);
    if ("keep" in target.dataset) keep();
  });
  section.addEventListener("click", ({ target: { dataset } }) => {
    if ("recordDo" in dataset) record(dataset.recordDo);
    if ("open" in dataset) open(together(new URLSearchParams(below.kept[dataset.open])));
    if ("drop" in dataset) {
      below.kept.splice(dataset.drop, 1);
      showKept();
      form.querySelector("[data-keep]").focus(); // the button that was pressed goes
    }
  });
  section.addEventListener("click", ({ target }) => "copyText" in target.dataset
    && copyText(target.closest("[data-output]").querySelector("code").textContent, "The text is copied."));

  section.addEventListener("click", (event) => {
    if (!("preset" in event.target.dataset) || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation(); // the theme would follow the link
    take([...new URLSearchParams(event.target.search)].filter(([name]) => form.elements[name]));
  });

  // The address has changed under the page: show what it says.
  section.addEventListener("calculator:open", () => {
    clearTimeout(urlTimer);
    for (const input of form.elements) restore(input);
    form.querySelectorAll("[data-find]").forEach(find);
    const link = below.take(linked());
    open(Object.keys(link).length ? link : fields()); // a page may begin in other values than the defaults
  });

  function open(link) {
    fill(link);
    ask(link);
  }

  unasked();
  const link = below.take(linked());
  if (!Object.keys(link).length) {
    // A browser may bring back what was typed before a reload; the result must be for what the form shows.
    if ([...form.elements].some(changed)) form.reset();
    return offer();
  }
  open(link);
}

// What the address holds for a calculator.
function linked() {
  return new URLSearchParams(isPrivate() ? location.hash.slice(1) : location.search);
}

function isPrivate() {
  return location.hash.startsWith("#?");
}

function reopen() {
  document.querySelectorAll("section.calculator").forEach((section) => section.dispatchEvent(new CustomEvent("calculator:open")));
}

// A link to this very page with other inputs: the theme's instant navigation would change the address and nothing else.
function followHere(event) {
  const link = event.target.closest && event.target.closest("a[href]");
  if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || "preset" in link.dataset) return;
  const here = link.origin === location.origin && link.pathname === location.pathname;
  if (!here || !(link.search || link.hash.startsWith("#?")) || !document.querySelector("section.calculator")) return;
  event.preventDefault();
  event.stopPropagation();
  history.pushState(history.state, "", link.href);
  reopen();
  const target = !isPrivate() && location.hash && document.getElementById(location.hash.slice(1));
  (target || document.querySelector("section.calculator")).scrollIntoView();
}

let shownPath = location.pathname;
document.addEventListener("click", followHere, true);
addEventListener("popstate", () => location.pathname === shownPath && reopen());

function mountAll() {
  shownPath = location.pathname;

  document.querySelectorAll("section.calculator").forEach(mount);
}

if (typeof document$ === "undefined") mountAll();
else document$.subscribe(mountAll);
