// Python, beside the page. Text in, text out:
//   in:  {facts}                   names of data files to fetch while starting
//        {id, question, facts}     question is JSON text for calculators.kit.browser.answer
//   out: {progress: {bytes, of}}   while starting: bytes fetched of the bytes there are
//        {stage}                   while starting: a step is done
//        {failed}                  it cannot start, and why
//        {heard: id}               the question has arrived
//        {id, reply}               the answer, as JSON text
import { loadPyodide } from "./pyodide.mjs";

const here = (name) => new URL(name, import.meta.url).href;
const started = start();
started.catch((error) => postMessage({ failed: String((error && error.message) || error) }));
addEventListener("unhandledrejection", (event) => event.preventDefault()); // the page is told above
const files = new Map(); // facts by name: the text on its way, or held by Python already

onmessage = async ({ data: { id, question, facts } }) => {
  const texts = facts.map(text);
  if (!question) return;
  postMessage({ heard: id });
  const { answer, hold } = await started;
  for (const [i, name] of facts.entries()) hold(name, await texts[i]);
  try {
    postMessage({ id, reply: answer(question) });
  } catch (error) {
    postMessage({ id, broken: String(error.message).trim().split("\n").pop() });
  }
};

// A file of facts, fetched once.
function text(name) {
  if (!files.has(name)) files.set(name, fetch(here(`facts-${name}.json`)).then((response) => response.text()));
  return files.get(name);
}

async function start() {
  reportBytes();
  // loadPyodide neither settles nor rejects when WebAssembly is refused, so refuse here, in words.
  await WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])).catch(() => {
    throw new Error("this browser or its settings do not allow WebAssembly");
  });
  const lock = fetch(here("lock.json")).then((response) => response.text());
  const python = await loadPyodide({
    indexURL: here("./"),
    stdLibURL: here("python.zip"),
    lockFileContents: lock,
    packageBaseUrl: here("./"),
    checkAPIVersion: false,
  });
  postMessage({ stage: "python" });
  const browser = python.pyimport("calculators.kit.browser");
  const { answer, hold } = browser;
  postMessage({ stage: "calculators" });
  return { answer, hold };
}

// Count what arrives, without holding anything up: each response goes on to its reader, and its copy is counted.
// What does not arrive is said here, since loadPyodide only warns of it and waits for ever.
function reportBytes() {
  const plain = self.fetch.bind(self);
  let bytes = 0;
  self.fetch = async (...request) => {
    try {
      const response = await plain(...request);
      check(response);
      count(response.clone());
      return response;
    } catch (error) {
      postMessage({ failed: error instanceof TypeError ? "a file could not be fetched; is the network there?" : error.message });
      throw error;
    }
  };

  function check({ ok, status, url, headers }) {
    const name = new URL(url).pathname.split("/").pop();
    if (!ok) throw new Error(`${name} is not there (${status})`);
    if (name.endsWith(".wasm") && headers.get("Content-Type") !== "application/wasm") {
      throw new Error(`the server sends ${name} with the wrong type; it must be application/wasm`);
    }
  }

  async function count(copy) {
    const reader = copy.body.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      bytes += part.value.length;
      postMessage({ progress: bytes });
    }
  }
}
