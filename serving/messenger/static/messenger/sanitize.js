// The server's HTML, rebuilt from a short list of tags and attributes: a second fence behind the server's own.

const KEPT = new Set(
  "a blockquote br code del em h1 h2 h3 h4 h5 h6 hr img li ol p pre s strong table tbody td th thead tr ul".split(" "),
);
const DROPPED = new Set(
  "script style template iframe object embed svg math noscript textarea select title".split(" "),
);
const policy = globalThis.trustedTypes?.createPolicy("firstlast-messenger", { createHTML: (html) => html });

/** Nodes that are safe to insert; addresses are made absolute against `base`. */
export function safeNodes(html, base) {
  const inert = document.createElement("template"); // nothing in it runs or loads
  inert.innerHTML = policy ? policy.createHTML(html) : html;
  return copyInto(document.createDocumentFragment(), inert.content, base);
}

function copyInto(target, source, base) {
  for (const node of source.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) target.append(node.data);
    if (node.nodeType !== Node.ELEMENT_NODE || DROPPED.has(node.localName)) continue;
    if (!KEPT.has(node.localName)) copyInto(target, node, base);
    else target.append(copyInto(emptyCopy(node, base), node, base));
  }
  return target;
}

function emptyCopy(node, base) {
  const copy = document.createElement(node.localName);
  if (node.localName === "a") linkTo(copy, node.getAttribute("href"), base);
  if (node.localName === "ol" && node.hasAttribute("start")) copy.start = node.start;
  if (node.localName === "img") {
    copy.alt = node.alt;
    copy.loading = "lazy";
    copy.referrerPolicy = "no-referrer";
    const url = safeUrl(node.getAttribute("src"), base, ["http:", "https:"]);
    if (url) copy.src = url;
  }
  return copy;
}

/** Points `anchor` to `href` in a new tab, or nowhere when the address is not a safe one; gives it back. */
export function linkTo(anchor, href, base) {
  const url = safeUrl(href, base, ["http:", "https:", "mailto:", "tel:"]);
  if (url) Object.assign(anchor, { href: url, target: "_blank", rel: "noopener noreferrer" });
  return anchor;
}

function safeUrl(address, base, protocols) {
  try {
    const url = new URL(address ?? "", base);
    return address && protocols.includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}
