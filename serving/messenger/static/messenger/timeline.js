// What was said, each message once and in order, however often and from wherever it arrives.

export class Timeline {
  #byId = new Map();

  get lastId() {
    return Math.max(0, ...this.#byId.keys());
  }

  /** Adds or updates a message; tells whether it was new. */
  put(message) {
    const before = this.#byId.get(message.id);
    const known = before?.payload?.feedback;
    const payload = { ...message.payload };
    if (payload.feedback == null && known != null) payload.feedback = known; // told here before the event was written
    this.#byId.set(message.id, { ...message, payload });
    return !before;
  }

  setFeedback(id, feedback) {
    const message = this.#byId.get(id);
    if (message) this.#byId.set(id, { ...message, payload: { ...message.payload, feedback } });
  }

  has(clientId) {
    return [...this.#byId.values()].some((message) => message.client_id === clientId);
  }

  messages() {
    return [...this.#byId.values()].sort((a, b) => a.id - b.id);
  }

  clear() {
    this.#byId.clear();
  }
}

/** What the log shows: the messages, then those still on their way. */
export function itemsOf(messages, entries) {
  const arrived = new Set(messages.map((message) => message.client_id));
  return [
    ...messages.map((message) => ({ ...message, key: message.client_id || `m${message.id}`, state: "sent" })),
    ...entries
      .filter((entry) => !arrived.has(entry.client_id))
      .map((entry) => ({
        key: entry.client_id,
        author: "customer",
        text: entry.text,
        created_at: new Date(entry.at).toISOString(),
        state: entry.error ? "failed" : "sending",
        error: entry.error,
      })),
  ];
}
