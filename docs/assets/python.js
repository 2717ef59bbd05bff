// Python in a worker: starts it, asks it, and says what became of it. Text in, text out.

const SILENCE = 20_000; // ms without a byte or a stage after which a start has failed
const UNHEARD = 4_000; // ms in which a started worker must say that it has heard a question

// One worker for a visit. It lives in module scope, so instant navigation keeps it.
export const python = {
  worker: null, ready: false, id: 0, timer: 0, waiting: null, current: null, listener: null,

  // `facts`: the names of the data files that the calculator asks of; they are fetched while Python starts.
  start(runtime, listener, facts) {
    this.listener = listener; // the calculator that was touched last hears the news
    if (this.worker) return;
    this.ready = false;
    this.base = runtime;
    let worker;
    try {
      worker = new Worker(new URL("worker.mjs", runtime), { type: "module" });
    } catch (error) {
      return this.fail(error.message);
    }
    this.worker = worker;
    worker.onmessage = ({ data }) => worker === this.worker && this.receive(data);
    worker.onerror = (event) => {
      event.preventDefault();
      if (worker === this.worker) this.fail(event.message || "its files cannot be loaded");
    };
    worker.postMessage({ facts });
    this.expectProgress();
    this.tell({ starting: 0 });
  },

  receive(data) {
    if (data.failed) return this.fail(data.failed);
    if (data.progress) this.tell({ starting: data.progress });
    if (data.stage === "calculators") {
      this.ready = true;
      clearTimeout(this.timer);
      this.tell({ ready: true });
      return this.current ? this.listen() : this.next();
    }
    if (!this.ready) {
      if (data.progress || data.stage) this.expectProgress();
      return;
    }
    if (data.heard === this.id) this.watch(SILENCE, () => this.replace());
    if (data.id === this.id && this.current) {
      clearTimeout(this.timer);
      const { done } = this.current;
      this.current = null;
      done(data.broken ? { ok: false, errors: [{ field: null, message: `Our fault: ${data.broken}` }] } : JSON.parse(data.reply));
      this.next();
    }
  },

  // The newest question wins: one is in flight, and at most one waits.
  ask(runtime, listener, facts, question, done) {
    this.waiting = { question, facts, done };
    this.start(runtime, listener, facts);
    this.next();
  },

  // A question that gives way: what the reader asks meanwhile comes first.
  follow(...question) {
    if (!this.waiting) this.ask(...question);
  },

  next() {
    if (this.current || !this.waiting || !this.worker) return;
    this.current = this.waiting;
    this.waiting = null;
    this.send();
  },

  send() {
    this.id += 1;
    this.worker.postMessage({ id: this.id, question: JSON.stringify(this.current.question), facts: this.current.facts });
    if (this.ready) this.listen();
  },

  listen() {
    this.watch(UNHEARD, () => this.replace());
  },

  // A worker that does not answer is dead: start another and ask again.
  replace() {
    const again = this.waiting || this.current;
    this.stop();
    if (this.replaced === again) return this.fail("it stopped while answering", again);
    this.replaced = again;
    this.waiting = again;
    this.start(this.base, this.listener, again.facts);
    this.next();
  },

  expectProgress() {
    this.watch(SILENCE, () => this.fail("nothing has arrived for 20 seconds"));
  },

  stop() {
    clearTimeout(this.timer);
    if (this.worker) this.worker.terminate();
    this.worker = this.current = null;
    this.ready = false;
  },

  fail(why, lost = this.waiting || this.current) {
    this.stop();
    this.waiting = lost;
    this.tell({ failed: why });
  },

  watch(time, then) {
    clearTimeout(this.timer);
    this.timer = setTimeout(then, time);
  },

  tell(news) {
    if (this.listener) this.listener(news);
  },
};
