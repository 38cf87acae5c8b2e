// The window of the messenger: header, log, composer; shows a session and passes on what the customer does.

import { button, h, icon } from "./dom.js";
import { Files } from "./files.js";
import { ArticleView, Home, Menu } from "./home.js";
import { messageNode, statusLine, tailNodes } from "./messages.js";
import { t } from "./words.js";

const NEAR_END = 80; // pixels from the end within which new messages pull the view along
const SUGGEST_AFTER = 250;

export class Panel {
  #nodes = new Map();
  #tailState = "";
  #suggestTimer = 0;
  #chosenView = null;
  #shownView = "";
  #before = "home";

  constructor({ server, onClose }) {
    this.server = server;
    this.onClose = onClose;
    this.#build();
  }

  setWords({ title, greeting }) {
    this.title.textContent = title;
    this.greeting.textContent = this.home.greeting.textContent = greeting;
  }

  /** `home`, `chat` or `article`; before anything is chosen the conversation, where there is one. */
  get view() {
    return this.#chosenView ?? (this.session?.begun ? "chat" : "home");
  }

  focus() {
    this.input.focus();
  }

  /** Scrolls to the end, as when the window opens. */
  showNewest() {
    if (this.view === "home") this.#fillHome();
    if (this.view === "chat") this.#showEnd(null);
  }

  /** Makes the panel show what the session knows; nodes that did not change stay. */
  render(session) {
    this.session = session;
    const items = session.items();
    const follow = this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < NEAR_END;
    const added = this.#renderLog(items);
    this.#renderTail(session, items);
    this.#renderFrame(session, items);
    this.#renderView();
    const own = added?.classList.contains("customer");
    if (this.view === "chat" && (follow || own)) this.#showEnd(own ? null : added);
  }

  #build() {
    this.title = h("h2", { id: "title" });
    this.status = h("p", { className: "status", role: "status" });
    this.banner = h("p", { className: "banner", role: "status", hidden: true });
    this.greeting = h("div", { className: "bubble" });
    this.log = h("div", { className: "log", role: "log", "aria-live": "polite", "aria-label": t("messages") });
    this.tail = h("div", { className: "tail" });
    this.chat = h("div", {}, h("div", { className: "message bot" }, this.greeting), this.log, this.tail);
    this.home = new Home({
      onConversation: (conversation) => this.#open(conversation),
      onArticle: (slug) => this.#readArticle(slug),
    });
    this.article = new ArticleView();
    this.scroll = h(
      "div",
      { className: "scroll", tabIndex: 0, role: "region", "aria-label": t("conversation") },
      this.home.root,
      this.chat,
      this.article.root,
    );
    this.suggestions = h("ul", { className: "suggestions", "aria-label": t("suggestions"), hidden: true });
    this.suggestions.dataset.words = t("suggestions");
    this.announced = h("p", { className: "sr", role: "status" });
    this.root = h(
      "section",
      { id: "panel", className: "panel", role: "dialog", "aria-labelledby": "title", title: "", hidden: true },
      this.#header(),
      this.banner,
      this.scroll,
      this.suggestions,
      this.announced,
      this.#composer(),
    );
    this.root.addEventListener("keydown", (event) => event.key === "Escape" && this.#escape(event));
  }

  #header() {
    const named = (words, onclick) => ({ className: "icon", "aria-label": words, title: words, onclick });
    this.back = button(named(t("back"), () => this.#goBack()), icon("back"));
    this.mark = h("span", { className: "disc" }, icon("spark"));
    this.menu = new Menu();
    const close = button(named(t("close"), () => this.onClose()), icon("close"));
    const words = h("div", { className: "words" }, this.title, this.status);
    return h("header", {}, this.back, this.mark, words, this.menu.root, close);
  }

  #composer() {
    this.input = h("textarea", { rows: 1, "aria-label": t("your_message") });
    this.input.addEventListener("input", () => this.#typed());
    this.input.addEventListener("keydown", (event) => this.#keyInInput(event));
    this.sendButton = h("button", { "aria-label": t("send"), disabled: true }, icon("send"));
    this.files = new Files({ upload: (file) => this.#upload(file), onChange: () => this.#fit() });
    this.input.addEventListener("paste", (event) => {
      if (!event.clipboardData.files.length) return;
      event.preventDefault();
      this.files.add([...event.clipboardData.files]);
    });
    const form = h("form", { className: "composer" }, this.files.list, this.files.control, this.input, this.sendButton);
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
    const parts = [last, session.typing, session.details?.status, session.rating, status, team_title, expected_wait_minutes];
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
    const banner = session.notice || (session.link === "ok" ? "" : t(session.link));
    setText(this.banner, banner);
    this.banner.hidden = !banner;
    this.home.renderList(session);
    this.back.classList.toggle("unread", session.unreadElsewhere > 0);
    this.menu.render(items.length && this.view === "chat" ? this.#menuEntries(session, status) : []);
  }

  #menuEntries(session, status) {
    const known = Boolean(session.conversation);
    return [
      ["new_conversation", () => this.#startOver()],
      known && !/waiting|open/.test(status) && ["person", () => session.askForPerson()],
      known && ["transcript", () => this.#download()],
      known && status !== "closed" && ["end_conversation", () => session.end()],
    ].filter(Boolean);
  }

  #renderView() {
    const { view } = this;
    this.input.placeholder = t(view === "home" ? "ask" : "write");
    if (view === this.#shownView) return;
    this.#shownView = view;
    this.root.dataset.view = view;
    this.home.root.hidden = view !== "home";
    this.chat.hidden = view !== "chat";
    this.article.root.hidden = view !== "article";
    this.back.hidden = view === "home";
    this.mark.hidden = view !== "home";
    if (view === "home") this.#fillHome();
    this.scroll.scrollTop = view === "chat" ? this.scroll.scrollHeight : 0;
  }

  #show(view) {
    this.#chosenView = view;
    this.render(this.session);
  }

  #fillHome() {
    if (this.root.hidden) return; // a mere visitor asks the server for nothing
    this.session.refresh();
    this.session.popular().then((articles) => this.home.renderArticles(articles), () => {});
  }

  #open(conversation) {
    this.session.open(conversation);
    this.#show("chat");
    this.focus();
  }

  #readArticle(slug) {
    if (this.view !== "article") this.#before = this.view;
    this.#show("article");
    this.article.show(slug, this.session, this.server);
    this.article.root.focus();
  }

  #goBack() {
    this.session.notice = "";
    this.#show(this.view === "article" ? this.#before : "home");
    this.focus();
  }

  async #download() {
    const file = await this.session.transcript().catch(() => null);
    if (!file) return;
    const link = h("a", { href: URL.createObjectURL(file), download: "conversation.txt" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  get #actions() {
    const { session } = this;
    return {
      server: this.server,
      onRetry: (key) => session.outbox.retry(key),
      onEdit: (item) => this.#edit(item),
      onArticle: (slug) => this.#readArticle(slug),
      detailsNode: () => this.#detailsNode(session),
      loadFile: (id) => session.file(id),
      onChoose: ({ title, ref }) => session.send(title, { choice: ref }),
      onFeedback: (message, helpful) => {
        session.feedback(message, helpful);
        if (!helpful) this.focus();
      },
      onPerson: () => session.askForPerson(),
      onEnd: () => session.end(),
      onRate: (score, comment) => session.rate(score, comment),
    };
  }

  /** The form of details, which few conversations need: its script is loaded for them. */
  #detailsNode(session) {
    const slot = h("div", {});
    const ends = { onSend: (values) => session.giveDetails(values), onSkip: () => session.giveDetails(null) };
    import(`${this.server}/messenger/parts/details.js`).then(({ detailsForm, sheet }) => {
      const root = this.root.getRootNode();
      if (!root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
      slot.append(detailsForm({ h, button, t }, session.details, session.detailsDraft, ends));
      this.#showEnd(null);
    }, () => {});
    return slot;
  }

  /** The end of the log; or the beginning of a new message that is too long to fit. */
  #showEnd(added) {
    const end = this.scroll.scrollHeight - this.scroll.clientHeight;
    this.scroll.scrollTop = added ? Math.min(end, added.offsetTop - 16) : end;
  }

  #send() {
    if (this.sendButton.disabled) return;
    const text = this.input.value.trim();
    const attachments = this.files.ids;
    this.files.clear();
    this.#setInput("");
    this.#say(text, attachments.length ? { attachments } : {});
  }

  #upload(file) {
    this.#leaveHome();
    return this.session.upload(file);
  }

  #leaveHome() {
    if (this.view === "home" && this.session.begun) this.session.startOver();
    if (this.view !== "chat") this.#show("chat");
  }

  get #withPeople() {
    return /waiting|open/.test(this.session?.conversation?.status);
  }

  /** A file goes with words, unless a person reads it. */
  #fit() {
    if (!this.sendButton) return;
    const text = this.input.value.trim();
    this.sendButton.disabled = this.files.busy || !(text || (this.files.ids.length && this.#withPeople));
  }

  /** Sends it; what is written in the first view begins a conversation of its own. */
  #say(text, more) {
    this.#leaveHome();
    this.session.send(text, more);
  }

  #edit(item) {
    this.#setInput(item.text);
    this.session.outbox.remove(item.key);
    this.focus();
  }

  #startOver() {
    this.session.startOver();
    this.#show("chat");
    this.focus();
  }

  #setInput(text) {
    this.input.value = text;
    this.#typed();
  }

  #typed() {
    this.input.style.height = "auto";
    this.input.style.height = `${this.input.scrollHeight}px`;
    this.#fit();
    const text = this.input.value.trim();
    clearTimeout(this.#suggestTimer);
    this.#showSuggestions([]);
    if (text.length > 2 && !this.#withPeople) this.#suggestTimer = setTimeout(() => this.#suggest(text), SUGGEST_AFTER);
  }

  async #suggest(text) {
    const found = await this.session.suggest(text).catch(() => []);
    if (this.input.value.trim() === text) this.#showSuggestions(found.slice(0, 3));
  }

  #showSuggestions(suggestions) {
    this.suggestions.hidden = !suggestions.length;
    setText(this.announced, suggestions.length ? t("suggested", { n: suggestions.length }) : "");
    this.suggestions.replaceChildren(
      ...suggestions.map(({ title }) => {
        const choose = () => {
          this.#setInput("");
          this.#say(title);
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
    if (this.menu.isOpen) return this.menu.show(false), this.menu.toggle.focus();
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
