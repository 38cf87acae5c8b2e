// Words for everyone: aloud through the polite announcer, or seen in the notice area.

/** Shows a sentence above the page until the next one. */
export function say(text, { bad = false, link = null } = {}) {
  const area = document.getElementById("notice");
  const notice = document.createElement("p");
  notice.className = bad ? "notice notice--bad" : "notice";
  notice.textContent = text;
  if (link) {
    const anchor = document.createElement("a");
    Object.assign(anchor, { href: link.href, textContent: link.text, target: "_blank" });
    notice.append(" ", anchor);
  }
  area.replaceChildren(notice);
}

/** Speaks a sentence to screen readers without showing it. */
export function announce(text) {
  const announcer = document.getElementById("announcer");
  announcer.textContent = "";
  setTimeout(() => (announcer.textContent = text), 50); // the same words twice are spoken twice
}
