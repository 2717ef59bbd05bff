// Python, beside the page. Text in, text out:
//   in:  {id, question}            question is JSON text for calculators.kit.browser.answer
//   out: {progress: {bytes, of}}   while starting: bytes fetched of the bytes there are
//        {stage}                   while starting: a step is done
//        {failed}                  it cannot start, and why
//        {heard: id}               the question has arrived
//        {id, reply}               the answer, as JSON text
import { loadPyodide } from "./pyodide.mjs";

const here = (name) => new URL(name, import.meta.url).href;
const answer = start();
answer.catch((error) => postMessage({ failed: String((error && error.message) || error) }));

onmessage = async ({ data: { id, question } }) => {
  postMessage({ heard: id });
  const ask = await answer;
  try {
    postMessage({ id, reply: ask(question) });
  } catch (error) {
    postMessage({ id, broken: String(error.message).trim().split("\n").pop() });
  }
};

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
  const ask = browser.answer;
  postMessage({ stage: "calculators" });
  return ask;
}

// Count what arrives, without holding anything up: each response goes on to its reader, and its copy is counted.
function reportBytes() {
  const plain = self.fetch.bind(self);
  let bytes = 0;
  self.fetch = async (...request) => {
    const response = await plain(...request);
    if (!response.ok) throw new Error(`${new URL(response.url).pathname.split("/").pop()} is not there (${response.status})`);
    if (response.url.endsWith(".wasm") && response.headers.get("Content-Type") !== "application/wasm") {
      throw new Error("the server sends pyodide.asm.wasm with the wrong type; it must be application/wasm");
    }
    count(response.clone());
    return response;
  };
  async function count(copy) {
    const reader = copy.body.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      bytes += part.value.length;
      postMessage({ progress: bytes });
    }
  }
}
