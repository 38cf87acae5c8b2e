// Small JSON values under one prefix; where the browser blocks storage or it is full, memory takes over.

export class Store {
  #prefix;
  #backing;
  #memory = new Map();

  constructor(prefix, backing = browserStorage()) {
    this.#prefix = prefix;
    this.#backing = backing;
  }

  get(key) {
    if (this.#memory.has(key)) return this.#memory.get(key);
    try {
      return JSON.parse(this.#backing.getItem(this.#prefix + key));
    } catch {
      return null; // blocked, or damaged by someone else
    }
  }

  set(key, value) {
    try {
      this.#backing.setItem(this.#prefix + key, JSON.stringify(value));
      this.#memory.delete(key);
    } catch {
      this.#memory.set(key, value);
    }
  }

  remove(key) {
    this.#memory.delete(key);
    try {
      this.#backing.removeItem(this.#prefix + key);
    } catch {
      // nothing was kept there
    }
  }

  /** Keys that begin with `start`, in no promised order. */
  keys(start) {
    const found = new Set([...this.#memory.keys()].filter((key) => key.startsWith(start)));
    try {
      const whole = this.#prefix + start;
      for (let i = 0; i < this.#backing.length; i++) {
        const key = this.#backing.key(i);
        if (key.startsWith(whole)) found.add(key.slice(this.#prefix.length));
      }
    } catch {
      // memory is all there is
    }
    return [...found];
  }
}

function browserStorage() {
  try {
    return globalThis.localStorage;
  } catch {
    return null; // reading the property alone throws where cookies are blocked
  }
}

/** A random UUID, also on pages without HTTPS, where `crypto.randomUUID` is missing. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const hex = Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0"));
  return hex.join("").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
