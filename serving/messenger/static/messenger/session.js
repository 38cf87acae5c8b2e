// One customer's side of a conversation: what is known, what is on its way, and the live line. No DOM.

import { Api } from "./api.js";
import { EventStream } from "./events.js";
import { Outbox } from "./outbox.js";
import { Store, newId } from "./storage.js";
import { Timeline, itemsOf } from "./timeline.js";
import { t } from "./words.js";

const TYPING_LIMIT = 20_000;
const PAGE = 50;

export class Session {
  conversation = null;
  /** All of the customer's conversations as last listed, the newest first. */
  conversations = [];
  /** The form of details that people ask for, with its `status`; `null` where nothing is asked. */
  details = null;
  /** What is typed into it, by field. */
  detailsDraft = {};
  typing = false;
  /** `ok`, `offline` (the browser says so), `unreachable` (no answer) or `busy` (asked to wait). */
  link = navigator.onLine === false ? "offline" : "ok";
  /** What went wrong with the last button pressed, in words for the customer. */
  notice = "";
  #thread;
  #timeline = new Timeline();
  #typingTimer = 0;
  #stopped = false;

  /** `onChange` runs after every change of what there is to show. */
  constructor({ server, identity = "", onChange }) {
    this.onChange = () => this.#stopped || onChange();
    this.store = new Store(`firstlast:${server}:${customerOf(identity)}:`);
    this.known = Boolean(identity);
    this.api = new Api({ server, identity, store: this.store, onNewContact: () => this.#forgetConversation() });
    this.outbox = new Outbox({
      store: this.store,
      post: (entry) => this.#post(entry),
      onSent: (entry, message) => this.#sent(entry, message),
      onChange: this.onChange,
      onFailure: (count, problem) => this.#failed(count, problem),
    });
    this.stream = new EventStream({
      open: (lastEventId, signal) => this.#openStream(lastEventId, signal),
      onOpen: () => this.#opened(),
      onEvent: (event) => this.#receive(event),
      onFailure: (count) => this.#failed(count),
      onLost: () => this.#forgetConversation(),
    });
    this.#thread = this.store.get("thread") ?? this.#newThread();
  }

  /** Whether the conversation shown has begun, so that there is something to fetch. */
  get begun() {
    return Boolean(this.#thread.id || this.outbox.entries().length);
  }

  /** Messages and messages on their way, in the order to show. */
  items() {
    const entries = this.outbox.entries().filter((entry) => entry.thread === this.#thread.key);
    return itemsOf(this.#timeline.messages(), entries);
  }

  async resume() {
    if (this.known && !this.begun) await this.#findLatest().catch(() => {});
    if (this.#stopped) return;
    if (this.#thread.id) this.stream.start();
    this.outbox.wake();
    this.refresh();
  }

  /** Lists the conversations anew, unless this customer never wrote. */
  async refresh() {
    if (!this.known && !this.store.get("token")) return;
    const answer = await this.api.request("GET", "/v1/conversations?limit=50").catch(() => null);
    if (!answer) return;
    this.conversations = answer.conversations;
    this.onChange();
  }

  /** Whether people have a conversation that is not the one shown: its answer comes by no stream. */
  get waitsElsewhere() {
    return this.conversations.some(({ id, status }) => id !== this.#thread.id && /waiting|open/.test(status));
  }

  /** Whether the conversation ends in words that the customer has not seen. */
  isUnread({ id, last_message: last, read_message_id }) {
    return /bot|agent/.test(last?.author) && last.id > Math.max(read_message_id, this.#readHere(id));
  }

  /** How many messages of this conversation, and how many other conversations, wait to be read. */
  get unread() {
    const read = Math.max(this.conversation?.read_message_id ?? 0, this.#readHere(this.#thread.id));
    const here = this.items().filter(({ id, author }) => id > read && /bot|agent/.test(author));
    return here.length + this.unreadElsewhere;
  }

  /** How many conversations that are not shown wait to be read. */
  get unreadElsewhere() {
    return this.conversations.filter((one) => one.id !== this.#thread.id && this.isUnread(one)).length;
  }

  /** Notes that all of this conversation is seen. */
  markRead() {
    const { id } = this.#thread;
    const newest = this.#timeline.lastId;
    if (!id || newest <= Math.max(this.conversation?.read_message_id ?? 0, this.#readHere(id))) return;
    this.store.set(`read:${id}`, newest);
    // Should it get lost, the next message seen says it too.
    this.api.request("POST", `/v1/conversations/${id}/read`, { message_id: newest }).catch(() => {});
  }

  #readHere(id) {
    return this.store.get(`read:${id}`) ?? 0;
  }

  /** Shows another of the customer's conversations. */
  open(conversation) {
    const thread = { key: conversation.client_id, id: conversation.id };
    if (thread.id === this.#thread.id) return;
    this.store.set("thread", thread);
    this.#turnTo(thread);
    this.#setConversation(conversation);
    this.stream.start();
  }

  /** Connects anew at once: the network is back, or the page is looked at again. */
  reconnect() {
    this.#setLink(navigator.onLine === false ? "offline" : "ok");
    if (this.#thread.id) this.stream.restart();
    this.outbox.wake();
  }

  offline() {
    this.#setLink("offline");
  }

  /** Frees the line while nobody looks: browsers allow six to one site over all tabs. */
  rest() {
    this.stream.stop();
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#typingTimer);
    this.stream.stop();
    this.outbox.stop();
  }

  /** Puts a message on its way; `attachments` are ids of uploaded files. */
  send(text, { choice, attachments } = {}) {
    this.notice = "";
    this.outbox.add(this.#thread.key, text, choice, attachments);
  }

  /** Uploads a file to this conversation, which begins with it where there is none; gives its `id`. */
  async upload(file) {
    const path = `/v1/conversations/${await this.#conversationId(this.#thread.key)}/attachments`;
    const init = { method: "POST", body: file, headers: { "Content-Type": "application/octet-stream" } };
    return (await this.api.fetch(`${path}?name=${encodeURIComponent(file.name.slice(0, 200))}`, init)).json();
  }

  /** The content of a file that was sent. */
  async file(id) {
    return (await this.api.fetch(`/v1/attachments/${id}`, {})).blob();
  }

  async feedback(message, helpful) {
    this.#timeline.setFeedback(message.id, helpful);
    if (!helpful) this.#setTyping(true); // not after the acknowledgement: the next answer may come before it
    const done = await this.#act("feedback", { message_id: message.id, helpful });
    if (!done) {
      this.#timeline.setFeedback(message.id, null);
      this.#setTyping(false);
    }
    this.onChange();
  }

  async askForPerson() {
    const conversation = await this.#act("handoff", {});
    if (conversation) this.#setConversation(conversation);
  }

  /** Sends the details typed, or with `null` that the customer would rather not. */
  async giveDetails(values) {
    const details = await this.#act("details", values ? { values } : { skip: true }, "PUT");
    if (details) this.details = details;
    this.onChange();
  }

  async #fetchDetails(id) {
    const details = await this.api.request("GET", `/v1/conversations/${id}/details`).catch(() => null);
    if (id !== this.#thread.id) return;
    this.details = details;
    this.onChange();
  }

  /** Ends the conversation: the customer needs nothing more. */
  async end() {
    const conversation = await this.#act("close", {});
    if (conversation) this.#setConversation(conversation);
  }

  /** The file with all that was said. */
  async transcript() {
    return (await this.api.fetch(`/v1/conversations/${this.#thread.id}/transcript`, {})).blob();
  }

  /** Sends the rating 1 to 5 with a word on it, or `null` when the customer would rather not. */
  async rate(score, comment = "") {
    if (score && !(await this.#act("csat", { score, comment }))) return;
    this.store.set(`rated:${this.#thread.id}`, score ?? 0);
    this.onChange();
  }

  /** The rating given, 0 when skipped, `null` when not asked yet. */
  get rating() {
    return this.store.get(`rated:${this.#thread.id}`);
  }

  /** Begins a new conversation; the other one stays, and goes on where people have it. */
  startOver() {
    const waiting = /waiting|open/.test(this.conversation?.status);
    this.#turnTo(this.#newThread());
    this.notice = waiting ? t("still_waiting") : "";
    this.refresh();
    this.onChange();
  }

  /** Follows what another tab did: a message written, a conversation begun or left. */
  followOtherTab() {
    const thread = this.store.get("thread");
    if (thread && thread.key !== this.#thread.key) this.#turnTo(thread);
    else if (thread?.id) this.#thread = thread;
    this.resume();
    this.onChange();
  }

  async suggest(text) {
    const { suggestions } = await this.api.readPublic(`/v1/suggest?q=${encodeURIComponent(text)}`);
    return suggestions;
  }

  /** The articles that help most, `slug` and `title` each. */
  async popular() {
    return (await this.api.readPublic("/v1/help?limit=5")).articles;
  }

  /** An article as `slug`, `title` and `html`. */
  article(slug) {
    return this.api.readPublic(`/v1/help/${slug.split("/").map(encodeURIComponent).join("/")}`);
  }

  #turnTo(thread) {
    this.stream.forget();
    this.#timeline.clear();
    this.conversation = this.details = null;
    this.detailsDraft = {};
    this.notice = "";
    this.#thread = thread;
    this.#setTyping(false);
  }

  #newThread() {
    const thread = { key: newId(), id: null };
    this.store.set("thread", thread);
    return thread;
  }

  #setThreadId(id) {
    this.#thread = { ...this.#thread, id };
    this.store.set("thread", this.#thread);
  }

  #forgetConversation() {
    this.stream.forget();
    this.#setThreadId(null);
    this.onChange();
  }

  async #findLatest() {
    const answer = await this.api.request("GET", "/v1/conversations");
    const latest = (answer.conversations ?? answer)[0];
    if (!latest || latest.status === "closed" || this.begun) return;
    this.#thread = { key: latest.client_id, id: latest.id };
    this.store.set("thread", this.#thread);
  }

  async #post(entry) {
    const { client_id, text, choice, attachments } = entry;
    const body = { client_id, text, choice, attachments };
    // 404: the conversation, and failing that the customer, is no longer known; both can be made anew.
    const remedies = [() => this.#forgetConversation(), () => this.store.remove("token")];
    for (;;) {
      try {
        const id = await this.#conversationId(entry.thread);
        return await this.api.request("POST", `/v1/conversations/${id}/messages`, body);
      } catch (problem) {
        if (problem.status !== 404 || entry.thread !== this.#thread.key || !remedies.length) throw problem;
        remedies.shift()();
      }
    }
  }

  async #conversationId(key) {
    if (key === this.#thread.key && this.#thread.id) return this.#thread.id;
    const conversation = await this.api.request("POST", "/v1/conversations", { client_id: key });
    if (key === this.#thread.key && !this.#stopped) {
      this.#setThreadId(conversation.id);
      this.#setConversation(conversation);
      this.stream.start();
    }
    return conversation.id;
  }

  #sent(entry, message) {
    this.#setLink("ok");
    if (entry.thread !== this.#thread.key || message.conversation_id !== this.#thread.id) return;
    const fresh = this.#timeline.put(message);
    if (fresh && (this.conversation?.status ?? "bot") === "bot") this.#setTyping(true);
  }

  #failed(count, problem) {
    if (problem?.status === 401) this.notice = problem.message;
    if (navigator.onLine === false) this.#setLink("offline");
    else if (problem?.status === 429) this.#setLink("busy");
    else if (count > 1) this.#setLink("unreachable");
  }

  #openStream(lastEventId, signal) {
    const headers = { Accept: "text/event-stream", ...(lastEventId && { "Last-Event-ID": lastEventId }) };
    return this.api.fetch(`/v1/conversations/${this.#thread.id}/events`, { headers, signal, cache: "no-store" });
  }

  async #opened() {
    this.#setLink("ok");
    const { id } = this.#thread;
    try {
      const conversation = await this.api.request("GET", `/v1/conversations/${id}`);
      if (id === this.#thread.id) this.#setConversation(conversation);
      await this.#catchUp(id);
    } catch {
      // the stream tells the rest, or breaks and opens again
    }
  }

  async #catchUp(id) {
    for (let full = true; full; ) {
      const after = this.#timeline.lastId;
      const { messages } = await this.api.request("GET", `/v1/conversations/${id}/messages?after=${after}`);
      if (id !== this.#thread.id) return;
      messages.forEach((message) => this.#arrived(message));
      full = messages.length >= PAGE && this.#timeline.lastId > after;
    }
    this.onChange();
  }

  #receive({ type, data }) {
    const value = parsed(data);
    if (type === "typing") this.#setTyping(true);
    else if (type === "status") this.#setConversation(value);
    else if (type === "feedback") this.#timeline.setFeedback(value.message_id, value.helpful);
    else if (type === "message") {
      this.#arrived(value);
      this.onChange();
    }
  }

  #arrived(message) {
    if (message.conversation_id !== this.#thread.id || message.kind === "note") return;
    const fresh = this.#timeline.put(message);
    this.outbox.remove(message.client_id); // its acknowledgement may have been lost
    if (fresh && message.author !== "customer") this.#setTyping(false);
    if (fresh && message.payload?.details) this.#fetchDetails(message.conversation_id);
  }

  #setConversation(conversation) {
    if (conversation.id !== this.#thread.id) return;
    const before = this.conversation;
    if (before && Date.parse(conversation.updated_at) < Date.parse(before.updated_at)) return; // a replayed one
    this.conversation = conversation;
    if (conversation.status !== "bot") this.#setTyping(false);
    this.onChange();
  }

  #setTyping(typing) {
    clearTimeout(this.#typingTimer);
    this.typing = typing;
    if (typing) this.#typingTimer = setTimeout(() => this.#setTyping(false), TYPING_LIMIT);
    this.onChange();
  }

  #setLink(link) {
    if (link === this.link) return;
    this.link = link;
    this.onChange();
  }

  async #act(action, body, method = "POST") {
    this.notice = "";
    this.onChange();
    try {
      return (await this.api.request(method, `/v1/conversations/${this.#thread.id}/${action}`, body)) ?? {};
    } catch (problem) {
      this.notice = problem.status ? problem.message : t("not_reached");
      this.onChange();
      return null;
    }
  }
}

function parsed(data) {
  try {
    return JSON.parse(data);
  } catch {
    return {}; // one damaged event must not end the line
  }
}

/** Keeps the data of different customers of one browser apart; proves nothing, the server does that. */
function customerOf(identity) {
  if (!identity) return "anonymous";
  try {
    const payload = identity.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    return `known:${JSON.parse(atob(payload)).sub}`;
  } catch {
    return "known:?";
  }
}
