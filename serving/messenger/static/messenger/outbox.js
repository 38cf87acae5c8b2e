// Messages on their way: kept until the server acknowledges them, sent in order, never doubled.

import { newId } from "./storage.js";
import { Alarm, backoff } from "./waiting.js";

// One key a message, so that two tabs cannot overwrite each other's.
const KEY = "outbox:";

export class Outbox {
  #store;
  #post;
  #alarm = new Alarm();
  #flushing = null;
  #newest = 0;
  #stopped = false;

  /** `post(entry)` sends one and throws `Problem`; `onSent(entry, message)` runs before it is forgotten. */
  constructor({ store, post, onSent, onChange, onFailure }) {
    this.#store = store;
    this.#post = post;
    this.onSent = onSent;
    this.onChange = onChange;
    this.onFailure = onFailure;
  }

  /** Everything kept, oldest first; `error` is set on those refused for good. */
  entries() {
    const kept = this.#store.keys(KEY).map((key) => this.#store.get(key));
    return kept.filter((entry) => entry?.client_id).sort((a, b) => a.at - b.at);
  }

  add(thread, text, choice, attachments) {
    const at = (this.#newest = Math.max(Date.now(), this.#newest + 1));
    this.#keep({ client_id: newId(), thread, text, choice, attachments, at });
    this.wake();
  }

  retry(clientId) {
    const entry = this.#store.get(KEY + clientId);
    if (entry) this.#keep({ ...entry, error: undefined });
    this.wake();
  }

  /** Forgets a message: it was acknowledged, or the customer took it back. */
  remove(clientId) {
    if (this.#store.get(KEY + clientId) === null) return;
    this.#store.remove(KEY + clientId);
    this.onChange();
  }

  /** Sends what waits, now. */
  wake() {
    this.#alarm.ring();
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = null;
      if (this.#next()) this.wake(); // added while the last round ended
    });
  }

  stop() {
    this.#stopped = true;
    this.#alarm.ring();
  }

  #keep(entry) {
    this.#store.set(KEY + entry.client_id, entry);
    this.onChange();
  }

  async #flush() {
    let failures = 0;
    for (let entry; (entry = this.#next()); ) {
      const { message, problem } = await this.#post(entry).then(
        (message) => ({ message }),
        (problem) => ({ problem }),
      );
      if (message) {
        failures = 0;
        this.onSent(entry, message);
        this.remove(entry.client_id);
      } else if (problem.temporary === false) {
        this.#keep({ ...entry, error: problem.message });
      } else if (!this.#stopped) {
        this.onFailure(++failures, problem);
        const asked = Math.min(60, problem.retryAfter || 0) * 1000;
        await this.#alarm.wait(Math.max(backoff(failures - 1), asked));
      }
    }
  }

  #next() {
    return this.#stopped ? undefined : this.entries().find((entry) => !entry.error);
  }
}
