// <firstlast-messenger>: one script tag, one element. Attributes: server, title, greeting, identity, lang, open.

import { button, h, icon } from "./messenger/dom.js";
import { Panel } from "./messenger/panel.js";
import { Session } from "./messenger/session.js";
import { Store } from "./messenger/storage.js";
import { sheet } from "./messenger/styles.js";
import { speak, t } from "./messenger/words.js";

const REST_AFTER = 30_000; // hidden this long, a tab gives its line back
const LOOK_ELSEWHERE_AFTER = 60_000; // for answers of people in conversations that are not shown
const WIDE = "(min-width: 481px)"; // on a phone the window covers the page, so it never opens by itself

class FirstlastMessenger extends HTMLElement {
  static observedAttributes = ["server", "title", "greeting", "identity", "open"];
  #session = null;
  #panel = null;
  #restTimer = 0;
  #lookTimer = 0;
  #restoring = false;
  #listening = null;
  #visit = new Store("firstlast:", visitStorage());

  async connectedCallback() {
    const wanted = this.closest("[lang]")?.lang || navigator.language || "en";
    await speak(wanted, this.#server).catch(() => {}); // English is there in any case
    if (!this.isConnected || this.#session) return;
    this.#build();
    this.#begin();
    this.#listen();
    const wasOpen = this.#visit.get("open") && matchMedia(WIDE).matches;
    if (this.hasAttribute("open")) this.#showPanel(false);
    else if (wasOpen) this.#restore();
  }

  disconnectedCallback() {
    if (!this.#session) return;
    this.#listening.abort();
    clearTimeout(this.#restTimer);
    clearInterval(this.#lookTimer);
    this.#session.stop();
    this.#session = null;
  }

  attributeChangedCallback(name, before, after) {
    if (!this.#session || before === after) return;
    if (name === "open") after === null ? this.#hidePanel() : this.#showPanel(!this.#restoring);
    else if (name === "identity" || name === "server") this.#begin();
    else this.#words();
  }

  /** Opens the window as it was on the page before, without taking the focus from this one. */
  #restore() {
    this.#restoring = true;
    this.setAttribute("open", "");
    this.#restoring = false;
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
      title: this.getAttribute("title") || t("title"),
      greeting: this.getAttribute("greeting") || t("greeting"),
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
    this.#lookTimer = setInterval(() => this.#lookElsewhere(), LOOK_ELSEWHERE_AFTER);
    addEventListener("online", () => this.#session.reconnect(), { signal });
    addEventListener("offline", () => this.#session.offline(), { signal });
    addEventListener("storage", () => document.hidden || this.#session.followOtherTab(), { signal });
    document.addEventListener("visibilitychange", () => this.#visibility(), { signal });
  }

  #lookElsewhere() {
    if (!document.hidden && this.#session.waitsElsewhere) this.#session.refresh();
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
    const shown = !this.#panel.root.hidden;
    if (shown && this.#panel.view === "chat" && !document.hidden) this.#session.markRead();
    const { unread } = this.#session;
    this.badge.hidden = !unread || shown;
    this.badge.textContent = unread;
    const label = shown ? t("close_chat") : unread ? t("open_chat_unread", { n: unread }) : t("open_chat");
    this.launcher.setAttribute("aria-label", label);
    this.launcher.setAttribute("aria-expanded", String(shown));
  }

  #showPanel(focus) {
    this.#panel.root.hidden = false;
    this.#visit.set("open", true);
    this.#render();
    this.#panel.showNewest();
    if (focus) this.#panel.focus();
    this.dispatchEvent(new Event("firstlast-open"));
  }

  #hidePanel() {
    this.#panel.root.hidden = true;
    this.#visit.remove("open");
    this.#render();
    this.launcher.focus();
    this.dispatchEvent(new Event("firstlast-close"));
  }
}

/** What lasts as long as the tab: the window stays open from page to page. */
function visitStorage() {
  try {
    return globalThis.sessionStorage;
  } catch {
    return null; // blocked
  }
}

customElements.get("firstlast-messenger") ?? customElements.define("firstlast-messenger", FirstlastMessenger);
