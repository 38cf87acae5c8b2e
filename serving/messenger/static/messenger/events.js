// Server-sent events over fetch, which unlike EventSource can send a token; reconnects where it left off.

import { Alarm, backoff } from "./waiting.js";

const SILENCE = 45_000; // the server says something every 15 s; three misses mean a dead line

/** Cuts events out of text that arrives in pieces (HTML Living Standard, 9.2.6). */
export class EventParser {
  lastEventId = "";
  #rest = "";
  #endedInCr = false;
  #data = [];
  #type = "";

  /** The events that became complete with this piece. */
  push(text) {
    if (this.#endedInCr && text[0] === "\n") text = text.slice(1);
    if (text) this.#endedInCr = text.endsWith("\r");
    const lines = (this.#rest + text).split(/\r\n|[\r\n]/);
    this.#rest = lines.pop();
    return lines.flatMap((line) => (line ? this.#field(line) : this.#dispatch()));
  }

  #field(line) {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") this.#data.push(value);
    else if (name === "event") this.#type = value;
    else if (name === "id" && !value.includes("\0")) this.lastEventId = value;
    return [];
  }

  #dispatch() {
    const event = { type: this.#type || "message", data: this.#data.join("\n"), id: this.lastEventId };
    const empty = !this.#data.length;
    this.#data = [];
    this.#type = "";
    return empty ? [] : [event];
  }
}

/** Keeps one stream alive until stopped, or until the server refuses it for good (`onLost`). */
export class EventStream {
  #options;
  #abort = null;
  #alarm = new Alarm();
  #lastEventId = "";
  #failures = 0;

  /** `open(lastEventId, signal)` gives the response; `onFailure(count)` hears of every break. */
  constructor({ open, onOpen, onEvent, onFailure, onLost }) {
    this.#options = { open, onOpen, onEvent, onFailure, onLost };
  }

  start() {
    if (this.#abort) return;
    this.#abort = new AbortController();
    this.#run(this.#abort);
  }

  stop() {
    this.#abort?.abort();
    this.#abort = null;
    this.#alarm.ring();
  }

  /** Stops, and starts from the beginning next time. */
  forget() {
    this.stop();
    this.#lastEventId = "";
  }

  /** Connects anew at once, because the line may be dead without saying so. */
  restart() {
    this.stop();
    this.#failures = 0;
    this.start();
  }

  async #run(abort) {
    while (!abort.signal.aborted) {
      try {
        await this.#read(abort.signal);
      } catch (problem) {
        if (abort.signal.aborted) return;
        if (problem.temporary === false) {
          this.#abort = null;
          this.#options.onLost(problem);
          return;
        }
      }
      if (abort.signal.aborted) return;
      this.#options.onFailure(++this.#failures);
      await this.#alarm.wait(backoff(this.#failures - 1));
    }
  }

  async #read(signal) {
    const line = new AbortController();
    const hangUp = () => line.abort();
    signal.addEventListener("abort", hangUp);
    let watchdog = setTimeout(hangUp, SILENCE);
    try {
      const response = await this.#options.open(this.#lastEventId, line.signal);
      const parser = new EventParser();
      parser.lastEventId = this.#lastEventId;
      const decoder = new TextDecoder();
      this.#options.onOpen();
      for (const reader = response.body.getReader(); ; ) {
        const { done, value } = await reader.read();
        if (done || signal.aborted) return;
        this.#failures = 0;
        clearTimeout(watchdog);
        watchdog = setTimeout(hangUp, SILENCE);
        for (const event of parser.push(decoder.decode(value, { stream: true }))) {
          this.#options.onEvent(event);
          this.#lastEventId = event.id;
        }
      }
    } finally {
      clearTimeout(watchdog);
      signal.removeEventListener("abort", hangUp);
    }
  }
}
