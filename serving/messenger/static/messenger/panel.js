// The window of the messenger: header, log, composer; shows a session and passes on what the customer does.

import { button, h, icon } from "./dom.js";
import { messageNode, statusLine, tailNodes } from "./messages.js";

const NEAR_END = 80; // pixels from the end within which new messages pull the view along
const SUGGEST_AFTER = 250;
const BANNERS = {
  offline: "You are offline. Your messages are saved and will be sent when you are back.",
  busy: "That was a lot at once. Your messages are saved and will be sent in a moment.",
  unreachable: "Connecting… Your messages are saved and will be sent as soon as we are connected.",
};

export class Panel {
  #nodes = new Map();
  #tailState = "";
  #suggestTimer = 0;

  constructor({ server, onClose }) {
    this.server = server;
    this.onClose = onClose;
    this.#build();
  }

  setWords({ title, greeting }) {
    this.title.textContent = title;
    this.greeting.textContent = greeting;
  }

  focus() {
    this.input.focus();
  }

  /** Scrolls to the end, as when the window opens. */
  showNewest() {
    this.#showEnd(null);
  }

  /** Makes the panel show what the session knows; nodes that did not change stay. */
  render(session) {
    this.session = session;
    const items = session.items();
    const follow = this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < NEAR_END;
    const added = this.#renderLog(items);
    this.#renderTail(session, items);
    this.#renderFrame(session, items);
    const own = added?.classList.contains("customer");
    if (follow || own) this.#showEnd(own ? null : added);
  }

  #build() {
    this.title = h("h2", { id: "title" });
    this.status = h("p", { className: "status", role: "status" });
    this.banner = h("p", { className: "banner", role: "status", hidden: true });
    this.greeting = h("div", { className: "bubble" });
    this.log = h("div", { className: "log", role: "log", "aria-live": "polite", "aria-label": "Messages" });
    this.tail = h("div", { className: "tail" });
    this.scroll = h(
      "div",
      { className: "scroll", tabIndex: 0, role: "region", "aria-label": "Conversation" },
      h("div", { className: "message bot" }, this.greeting),
      this.log,
      this.tail,
    );
    this.suggestions = h("ul", { className: "suggestions", "aria-label": "Suggested questions", hidden: true });
    this.root = h(
      "section",
      { id: "panel", className: "panel", role: "dialog", "aria-labelledby": "title", title: "", hidden: true },
      this.#header(),
      this.banner,
      this.scroll,
      this.suggestions,
      this.#composer(),
    );
    this.root.addEventListener("keydown", (event) => event.key === "Escape" && this.#escape(event));
  }

  #header() {
    this.fresh = button(
      { className: "icon", "aria-label": "New conversation", title: "New conversation", onclick: () => this.#startOver() },
      icon("fresh"),
    );
    const close = button(
      { className: "icon", "aria-label": "Close", title: "Close", onclick: () => this.onClose() },
      icon("close"),
    );
    const mark = h("span", { className: "disc" }, icon("spark"));
    return h("header", {}, mark, h("div", {}, this.title, this.status), this.fresh, close);
  }

  #composer() {
    this.input = h("textarea", { rows: 1, placeholder: "Write a message…", "aria-label": "Your message" });
    this.input.addEventListener("input", () => this.#typed());
    this.input.addEventListener("keydown", (event) => this.#keyInInput(event));
    this.sendButton = h("button", { "aria-label": "Send", disabled: true }, icon("send"));
    const form = h("form", { className: "composer" }, this.input, this.sendButton);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    return form;
  }

  #renderLog(items) {
    const keys = new Set(items.map((item) => item.key));
    for (const [key, { node }] of this.#nodes) {
      if (keys.has(key)) continue;
      node.remove();
      this.#nodes.delete(key);
    }
    let added = null;
    items.forEach((item, i) => {
      const state = JSON.stringify({ ...item, payload: item.payload?.sources });
      const known = this.#nodes.get(item.key);
      let node = known?.node;
      if (known?.state !== state) {
        node = messageNode(item, this.#actions);
        if (known) known.node.replaceWith(node);
        else added = node;
        this.#nodes.set(item.key, { node, state });
      }
      if (this.log.children[i] !== node) this.log.insertBefore(node, this.log.children[i] ?? null);
    });
    return added;
  }

  #renderTail(session, items) {
    const last = items.at(-1);
    const { status, team_title, expected_wait_minutes } = session.conversation ?? {};
    const parts = [last, session.typing, session.rating, status, team_title, expected_wait_minutes];
    const state = JSON.stringify(parts);
    if (state === this.#tailState) return;
    const focused = this.tail.contains(this.root.getRootNode().activeElement);
    this.#tailState = state;
    this.tail.replaceChildren(...tailNodes(session, items, this.#actions));
    if (focused) this.focus(); // the button pressed is gone
  }

  #renderFrame(session, items) {
    const { status = "bot" } = session.conversation ?? {};
    this.root.dataset.status = status;
    setText(this.status, statusLine(session, items));
    const banner = session.notice || BANNERS[session.link] || "";
    setText(this.banner, banner);
    this.banner.hidden = !banner;
    this.fresh.hidden = !items.length;
  }

  get #actions() {
    const { session } = this;
    return {
      server: this.server,
      onRetry: (key) => session.outbox.retry(key),
      onEdit: (item) => this.#edit(item),
      onChoose: ({ title, ref }) => session.send(title, ref),
      onFeedback: (message, helpful) => {
        session.feedback(message, helpful);
        if (!helpful) this.focus();
      },
      onPerson: () => session.askForPerson(),
      onRate: (score) => session.rate(score),
    };
  }

  /** The end of the log; or the beginning of a new message that is too long to fit. */
  #showEnd(added) {
    const end = this.scroll.scrollHeight - this.scroll.clientHeight;
    this.scroll.scrollTop = added ? Math.min(end, added.offsetTop - 16) : end;
  }

  #send() {
    const text = this.input.value.trim();
    if (!text) return;
    this.#setInput("");
    this.session.send(text);
  }

  #edit(item) {
    this.#setInput(item.text);
    this.session.outbox.remove(item.key);
    this.focus();
  }

  #startOver() {
    this.session.startOver();
    this.focus();
  }

  #setInput(text) {
    this.input.value = text;
    this.#typed();
  }

  #typed() {
    this.input.style.height = "auto";
    this.input.style.height = `${this.input.scrollHeight}px`;
    const text = this.input.value.trim();
    this.sendButton.disabled = !text;
    clearTimeout(this.#suggestTimer);
    this.#showSuggestions([]);
    const human = ["waiting", "open"].includes(this.session?.conversation?.status);
    if (text.length > 2 && !human) this.#suggestTimer = setTimeout(() => this.#suggest(text), SUGGEST_AFTER);
  }

  async #suggest(text) {
    const found = await this.session.suggest(text).catch(() => []);
    if (this.input.value.trim() === text) this.#showSuggestions(found.slice(0, 3));
  }

  #showSuggestions(suggestions) {
    this.suggestions.hidden = !suggestions.length;
    this.suggestions.replaceChildren(
      ...suggestions.map(({ title }) => {
        const choose = () => {
          this.#setInput("");
          this.session.send(title);
          this.focus();
        };
        return h("li", {}, button({ onclick: choose, onkeydown: moveAmong }, title));
      }),
    );
  }

  #keyInInput(event) {
    if (event.isComposing) return; // Enter ends a word in Japanese, Chinese, Korean
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#send();
    } else if (event.key === "ArrowUp" && !this.suggestions.hidden && !this.input.selectionStart) {
      event.preventDefault();
      this.suggestions.lastElementChild.firstElementChild.focus();
    }
  }

  #escape(event) {
    event.stopPropagation();
    if (this.suggestions.hidden) return this.onClose();
    this.#showSuggestions([]);
    this.focus();
  }
}

function moveAmong(event) {
  const entry = event.currentTarget.parentElement;
  const next = { ArrowUp: entry.previousElementSibling, ArrowDown: entry.nextElementSibling }[event.key];
  if (!next) return;
  event.preventDefault();
  next.firstElementChild.focus();
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text; // the same words again would be read aloud again
}
