// How long to wait before trying again, and a wait that can be cut short.

/** Milliseconds before attempt number `attempt` (0 first): doubles to half a minute, spread by chance. */
export function backoff(attempt, random = Math.random) {
  return Math.min(30_000, 500 * 2 ** attempt) * (0.5 + random() / 2);
}

export class Alarm {
  #ring = () => {};

  /** Resolves after `milliseconds`, or at once when `ring` is called. */
  wait(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#ring = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  ring() {
    this.#ring();
  }
}
