// What is shown beside a conversation: the list of conversations, popular articles, one article to read.

import { button, h, icon } from "./dom.js";
import { linkTo, safeNodes } from "./sanitize.js";
import { locale, t } from "./words.js";

const LISTED_AT_FIRST = 3;
const DAY = 86_400_000;

/** The first view: greeting, the customer's conversations, the articles that help most. */
export class Home {
  #listState = "";
  #shownAll = false;

  constructor({ onConversation, onArticle }) {
    this.actions = { onConversation, onArticle };
    this.greeting = h("p", { className: "hello" });
    this.list = h("div", { hidden: true });
    this.articles = h("div", { hidden: true });
    this.root = h("div", { className: "home", hidden: true }, this.greeting, this.list, this.articles);
  }

  /** Shows the session's conversations; the same ones again change nothing. */
  renderList(session) {
    const state = JSON.stringify([this.#shownAll, session.conversations.map((one) => [one, session.isUnread(one)])]);
    if (state === this.#listState) return;
    this.#listState = state;
    const all = session.conversations.filter((one) => one.last_message);
    const shown = this.#shownAll ? all : all.slice(0, LISTED_AT_FIRST);
    const showAll = () => {
      this.#shownAll = true;
      this.renderList(session);
    };
    this.list.hidden = !all.length;
    this.list.replaceChildren(
      heading(t("conversations")),
      h("ul", { className: "list" }, ...shown.map((one) => this.#entry(one, session.isUnread(one)))),
      ...(shown.length < all.length ? [button({ className: "link", onclick: showAll }, t("all_conversations"))] : []),
    );
  }

  /** Shows these articles, `slug` and `title` each. */
  renderArticles(articles) {
    const entry = (article) =>
      h("li", {}, button({ className: "entry", onclick: () => this.actions.onArticle(article.slug) }, h("b", {}, article.title)));
    this.articles.hidden = !articles.length;
    this.articles.replaceChildren(heading(t("popular")), h("ul", { className: "list" }, ...articles.map(entry)));
  }

  #entry(conversation, unread) {
    const { last_message, status, updated_at } = conversation;
    return h(
      "li",
      {},
      button(
        { className: "entry", onclick: () => this.actions.onConversation(conversation) },
        h("b", {}, last_message.text),
        h("small", {}, `${t(`list_${status}`)} · ${whenWords(updated_at)}`),
        unread && h("span", { className: "dot" }, h("span", { className: "sr" }, t("unread"))),
      ),
    );
  }
}

/** An article of the help centre, read inside the window. */
export class ArticleView {
  #wanted = "";

  constructor() {
    this.root = h("article", { className: "article", hidden: true, tabIndex: -1 });
  }

  /** Loads and shows the article; what was asked for last wins. */
  async show(slug, session, server) {
    this.#wanted = slug;
    this.root.replaceChildren(h("p", { className: "note" }, t("loading")));
    const link = linkTo(h("a", { className: "link" }, t("open_page")), `/help/${slug}`, server);
    try {
      const article = await session.article(slug);
      if (slug !== this.#wanted) return;
      const body = h("div", { className: "prose" }, safeNodes(article.html, `${server}/help/`));
      this.root.replaceChildren(h("h3", {}, article.title), body, link);
    } catch {
      if (slug === this.#wanted) this.root.replaceChildren(h("p", { className: "note" }, t("not_loaded")), link);
    }
  }
}

/** The menu of a conversation: a button that opens a short list. */
export class Menu {
  constructor() {
    this.list = h("div", { id: "menu", className: "menu", hidden: true });
    this.toggle = button(
      { className: "icon", "aria-controls": "menu", "aria-expanded": "false", onclick: () => this.show(this.list.hidden) },
      icon("more"),
    );
    this.root = h("div", { className: "has-menu" }, this.toggle, this.list);
    this.root.addEventListener("focusout", (event) => this.root.contains(event.relatedTarget) || this.show(false));
  }

  get isOpen() {
    return !this.list.hidden;
  }

  show(open) {
    this.list.hidden = !open;
    this.toggle.setAttribute("aria-expanded", String(open));
    if (open) this.list.firstElementChild?.focus();
  }

  /** Offers these, `[words, action]` each; nothing to offer hides the button. */
  render(entries) {
    this.toggle.setAttribute("aria-label", t("more"));
    this.toggle.title = t("more");
    this.root.hidden = !entries.length;
    const words = entries.map(([name]) => name).join();
    if (words === this.list.dataset.words) return;
    this.list.dataset.words = words;
    const choose = (action) => () => {
      this.show(false);
      this.toggle.focus();
      action();
    };
    this.list.replaceChildren(...entries.map(([name, action]) => button({ onclick: choose(action) }, t(name))));
  }
}

function heading(text) {
  return h("h3", {}, text);
}

function whenWords(moment) {
  const date = new Date(moment);
  const today = Date.now() - date < DAY && date.getDate() === new Date().getDate();
  const shape = today ? { hour: "numeric", minute: "2-digit" } : { day: "numeric", month: "short" };
  return new Intl.DateTimeFormat(locale(), shape).format(date);
}
