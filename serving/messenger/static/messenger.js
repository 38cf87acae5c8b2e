// <firstlast-messenger>: one script tag, one element. Attributes: server, title, greeting, identity, open.

import { button, h, icon } from "./messenger/dom.js";
import { Panel } from "./messenger/panel.js";
import { Session } from "./messenger/session.js";
import { sheet } from "./messenger/styles.js";

const REST_AFTER = 30_000; // hidden this long, a tab gives its line back

class FirstlastMessenger extends HTMLElement {
  static observedAttributes = ["server", "title", "greeting", "identity", "open"];
  #session = null;
  #panel = null;
  #restTimer = 0;
  #listening = null;

  connectedCallback() {
    this.#build();
    this.#begin();
    this.#listen();
    if (this.hasAttribute("open")) this.#showPanel(false);
  }

  disconnectedCallback() {
    this.#listening.abort();
    clearTimeout(this.#restTimer);
    this.#session.stop();
    this.#session = null;
  }

  attributeChangedCallback(name, before, after) {
    if (!this.#session || before === after) return;
    if (name === "open") after === null ? this.#hidePanel() : this.#showPanel(true);
    else if (name === "identity" || name === "server") this.#begin();
    else this.#words();
  }

  show() {
    this.setAttribute("open", "");
  }

  hide() {
    this.removeAttribute("open");
  }

  get #server() {
    return new URL(this.getAttribute("server") || new URL(import.meta.url).origin, location.href).origin;
  }

  #build() {
    const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    this.badge = h("span", { className: "badge", hidden: true });
    this.launcher = button(
      { className: "launcher", title: "", onclick: () => this.toggleAttribute("open"), "aria-controls": "panel" },
      icon("chat"),
      icon("down"),
      this.badge,
    );
    this.#panel = new Panel({ server: this.#server, onClose: () => this.hide() });
    root.replaceChildren(this.#panel.root, this.launcher);
    this.#words();
  }

  #words() {
    this.#panel.setWords({
      title: this.getAttribute("title") || "Help",
      greeting: this.getAttribute("greeting") || "Hello! Ask us anything. If the bot cannot help, a person will.",
    });
  }

  #begin() {
    this.#session?.stop();
    this.#panel.server = this.#server;
    const identity = this.getAttribute("identity") ?? "";
    this.#session = new Session({ server: this.#server, identity, onChange: () => this.#render() });
    this.#session.resume();
    this.#render();
  }

  #listen() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    addEventListener("online", () => this.#session.reconnect(), { signal });
    addEventListener("offline", () => this.#session.offline(), { signal });
    addEventListener("storage", () => document.hidden || this.#session.followOtherTab(), { signal });
    document.addEventListener("visibilitychange", () => this.#visibility(), { signal });
  }

  #visibility() {
    clearTimeout(this.#restTimer);
    if (document.hidden) {
      this.#restTimer = setTimeout(() => this.#session.rest(), REST_AFTER);
    } else {
      this.#session.followOtherTab();
      this.#session.reconnect();
    }
  }

  #render() {
    if (!this.#session) return;
    this.#panel.render(this.#session);
    const items = this.#session.items().filter((item) => item.id && item.author !== "customer");
    const newest = items.at(-1)?.id ?? 0;
    const read = this.#session.store.get("read") ?? 0;
    const shown = !this.#panel.root.hidden;
    if (shown && newest > read) this.#session.store.set("read", newest);
    const unread = shown ? 0 : items.filter((item) => item.id > read).length;
    this.badge.hidden = !unread;
    this.badge.textContent = unread;
    const label = shown ? "Close the chat" : `Open the chat${unread ? `, ${unread} unread` : ""}`;
    this.launcher.setAttribute("aria-label", label);
    this.launcher.setAttribute("aria-expanded", String(shown));
  }

  #showPanel(focus) {
    this.#panel.root.hidden = false;
    this.#render();
    this.#panel.showNewest();
    if (focus) this.#panel.focus();
    this.dispatchEvent(new Event("firstlast-open"));
  }

  #hidePanel() {
    this.#panel.root.hidden = true;
    this.#render();
    this.launcher.focus();
    this.dispatchEvent(new Event("firstlast-close"));
  }
}

customElements.get("firstlast-messenger") ?? customElements.define("firstlast-messenger", FirstlastMessenger);
