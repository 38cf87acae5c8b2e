// Requests with the customer's token, which is fetched when first needed and renewed when refused.

/** Why a request failed; `status` 0 means that no answer came. */
export class Problem extends Error {
  constructor(status, detail = "The connection was lost.", retryAfter = 0) {
    super(detail);
    this.status = status;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may succeed later. */
  get temporary() {
    return this.status === 0 || this.status >= 500 || [401, 408, 425, 429].includes(this.status);
  }
}

export class Api {
  #server;
  #identity;
  #store;
  #renewal = null;

  /** `identity` is a JWT signed by the business, or empty for an anonymous customer. */
  constructor({ server, identity, store, onNewContact = () => {} }) {
    this.#server = server;
    this.#identity = identity;
    this.#store = store;
    this.onNewContact = onNewContact;
  }

  /** The decoded JSON of the answer; throws `Problem`. */
  async request(method, path, body) {
    const response = await this.fetch(path, {
      method,
      body: body && JSON.stringify(body),
      headers: body && { "Content-Type": "application/json" },
      signal: AbortSignal.timeout(20_000),
    });
    return read(response.json());
  }

  /** The same for what anybody may read: no token is sent, and none is made for a mere visitor. */
  async readPublic(path) {
    const response = await this.#send(path, { signal: AbortSignal.timeout(20_000) });
    return read(response.json());
  }

  /** The raw answer, for streams; throws `Problem`. */
  async fetch(path, init) {
    const token = this.#store.get("token")?.token ?? (await this.#renew(null));
    try {
      return await this.#send(path, init, token);
    } catch (problem) {
      if (problem.status !== 401) throw problem;
      return this.#send(path, init, await this.#renew(token));
    }
  }

  async #send(path, init, token) {
    // No cookies: an agent who is signed in on the same site must not speak as an agent here.
    const headers = { ...init.headers, ...(token && { Authorization: `Bearer ${token}` }) };
    const response = await read(fetch(this.#server + path, { ...init, headers, credentials: "omit" }));
    if (!response.ok) throw await problemOf(response);
    return response;
  }

  #renew(stale) {
    this.#renewal ??= this.#newToken(stale).finally(() => (this.#renewal = null));
    return this.#renewal;
  }

  async #newToken(stale) {
    const kept = this.#store.get("token");
    if (kept && kept.token !== stale) return kept.token; // another tab was faster
    if (this.#identity) return this.#keep(await this.#askToken({ jwt: this.#identity }), kept);
    if (stale) {
      try {
        return this.#keep(await this.#askToken({ refresh: stale }), kept);
      } catch (problem) {
        if (problem.temporary && problem.status !== 401) throw problem;
      }
    }
    return this.#keep(await this.#askToken({}), kept);
  }

  async #askToken(body) {
    const headers = { "Content-Type": "application/json" };
    const init = { method: "POST", body: JSON.stringify(body), headers, signal: AbortSignal.timeout(20_000) };
    return read((await this.#send("/v1/customers/token", init)).json());
  }

  #keep(fresh, before) {
    this.#store.set("token", fresh);
    if (before && before.contact_id !== fresh.contact_id) this.onNewContact();
    return fresh.token;
  }
}

async function read(promise) {
  try {
    return await promise;
  } catch {
    throw new Problem(0);
  }
}

async function problemOf(response) {
  const body = await response.json().catch(() => ({}));
  const detail = [body.detail, body.title].find((text) => typeof text === "string" && text);
  return new Problem(
    response.status,
    detail ?? `The server refused this (${response.status}).`,
    Number(response.headers.get("Retry-After")) || 0,
  );
}
