// Making nodes without markup in strings.

/** An element with properties (or attributes, where no such property exists) and children. */
export function h(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in node) node[name] = value;
    else if (value != null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child != null && child !== false));
  return node;
}

const PATHS = {
  chat: "M12 3.5c5 0 9 3.4 9 7.7s-4 7.7-9 7.7c-1 0-2-.1-2.9-.4L4.5 20.5l1.1-3.7C4 15.4 3 13.4 3 11.2c0-4.3 4-7.7 9-7.7Z",
  back: "M14.5 5.5 8 12l6.5 6.5",
  clip: "m20 11-8.5 8.5a5 5 0 0 1-7-7L13 4a3.3 3.3 0 0 1 4.7 4.7L9.3 17a1.7 1.7 0 0 1-2.4-2.4L14 7.5",
  close: "M6 6l12 12M18 6 6 18",
  down: "M5.5 9l6.5 6.5L18.5 9",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  send: "M12 19V5M5.5 11.5 12 5l6.5 6.5",
  person: "M12 11.5a3.8 3.8 0 1 0 0-7.6 3.8 3.8 0 0 0 0 7.6ZM4.5 20c.7-3.6 3.6-5.5 7.5-5.5s6.8 1.9 7.5 5.5",
  spark: "M12 3.5c.8 4.9 3.3 7.6 8.5 8.5-5.2.9-7.7 3.6-8.5 8.5-.8-4.9-3.3-7.6-8.5-8.5 5.2-.9 7.7-3.6 8.5-8.5Z",
};

/** A line drawing, hidden from screen readers. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(svg.namespaceURI, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** A button that runs `onclick`; never submits a form. */
export function button(properties, ...children) {
  return h("button", { type: "button", ...properties }, ...children);
}
