// How messages look, and what a customer can do below the latest one.

import { button, h, icon } from "./dom.js";
import { linkTo, safeNodes } from "./sanitize.js";

const SHOWN_SOURCES = 3;
const clock = new Intl.DateTimeFormat([], { hour: "numeric", minute: "2-digit" });
const ORIGINS = { article: "From our help centre", learned_answer: "Learned from our team" };
const FACES = ["Very bad", "Bad", "Okay", "Good", "Very good"];

/** One message as a list entry of the log. */
export function messageNode(item, { server, onRetry, onEdit }) {
  if (item.author === "system") return h("div", { className: "system" }, item.text);
  const body = item.author === "customer" || !item.html ? item.text : safeNodes(item.html, `${server}/help/`);
  const node = h(
    "div",
    { className: `message ${item.author} ${item.state}` },
    h("span", { className: "who" }, h("span", { className: "sr" }, `${speaker(item)}, `), byline(item)),
    h("div", { className: "bubble" }, body),
    sourcesNode(item, server),
  );
  if (item.state === "failed") node.append(failedNode(item, { onRetry, onEdit }));
  return node;
}

function speaker(item) {
  return { customer: "You", bot: "Assistant" }[item.author] ?? item.agent?.name ?? "Our team";
}

function byline(item) {
  if (item.state === "sending") return "Sending…";
  if (item.state === "failed") return "Not sent";
  const time = clock.format(new Date(item.created_at));
  return item.author === "agent" ? `${speaker(item)} · ${time}` : time;
}

function failedNode(item, { onRetry, onEdit }) {
  return h(
    "div",
    { className: "failure", role: "alert" },
    h("span", {}, item.error.charAt(0).toUpperCase() + item.error.slice(1)),
    button({ className: "link", onclick: () => onRetry(item.key) }, "Try again"),
    button({ className: "link", onclick: () => onEdit(item) }, "Edit"),
  );
}

function sourcesNode({ payload, text }, server) {
  const sources = payload?.sources ?? [];
  if (!sources.length) return null;
  const entries = sources.slice(0, SHOWN_SOURCES).map((source) => sourceNode(source, server, text));
  return h("ul", { className: "sources", "aria-label": "Sources" }, ...entries);
}

function sourceNode(source, server, answer) {
  const slug = source.kind === "article" ? `/help/${source.ref.replace(/^article:/, "")}` : "";
  const title = h(source.url || slug ? "a" : "b", {}, source.title);
  if (title.localName === "a") linkTo(title, source.url || slug, server);
  return h(
    "li",
    {},
    h("small", {}, ORIGINS[source.kind] ?? ""),
    title,
    source.excerpt &&
      !answer.includes(source.excerpt.trim()) && // the answer is the passage itself
      h("details", {}, h("summary", {}, "Show the passage"), h("blockquote", {}, plain(source.excerpt))),
  );
}

/** Markdown without its signs; good enough for a short excerpt. */
function plain(markdown) {
  return markdown.replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/\*\*|`|^#+ /gm, "");
}

/** What belongs below the log now: typing, choices, buttons, the queue, the rating. */
export function tailNodes(session, items, actions) {
  const last = items.at(-1);
  const status = session.conversation?.status ?? "bot";
  const payload = (last?.state === "sent" && last.author === "bot" && last.payload) || {};
  const nodes = [];
  if (session.typing) nodes.push(typingNode());
  else if (status === "bot") {
    if (payload.kind === "answer") nodes.push(answerActions(last, actions));
    if (payload.kind === "clarify" || payload.choices?.length) nodes.push(choicesNode(payload.choices ?? [], actions));
  }
  if (status === "waiting") nodes.push(queueNode(session.conversation));
  const ended = status === "closed" || payload.feedback === true;
  if (ended && session.rating === null) nodes.push(ratingNode(actions));
  if (ended && session.rating) nodes.push(h("p", { className: "note" }, "Thank you for your rating."));
  return nodes.filter(Boolean);
}

function typingNode() {
  const dots = [1, 2, 3].map(() => h("i"));
  return h("div", { className: "typing", role: "img", "aria-label": "An answer is being written" }, ...dots);
}

function choicesNode(choices, { onChoose, onPerson }) {
  const chips = choices.map((choice) => button({ className: "choice", onclick: () => onChoose(choice) }, choice.title));
  return group(chips.length ? "Which of these is it?" : "Or", "choices", ...chips, personButton(onPerson));
}

function answerActions(message, { onFeedback, onPerson }) {
  const { feedback } = message.payload;
  if (feedback === true) return h("p", { className: "note" }, "Glad that helped!");
  return group(
    "Did that help?",
    "actions",
    feedback == null && chip("That helped", () => onFeedback(message, true)),
    feedback == null && chip("That did not help", () => onFeedback(message, false)),
    personButton(onPerson),
  );
}

function personButton(onPerson) {
  return chip("Talk to a person", onPerson);
}

function chip(text, onclick) {
  return button({ className: "chip", onclick }, text);
}

function group(label, className, ...children) {
  return h("div", { className, role: "group", "aria-label": label }, ...children);
}

function queueNode(conversation) {
  const wait = waitWords(conversation.expected_wait_minutes);
  return h(
    "div",
    { className: "queue" },
    h("span", { className: "disc" }, icon("person")),
    h(
      "div",
      {},
      h("b", {}, conversation.team_title ? `${conversation.team_title} team` : "Our team"),
      h("p", {}, wait ? `Usually answers ${wait}.` : "A person will answer here."),
      h("p", {}, "You can close this window; the conversation stays."),
    ),
  );
}

function ratingNode({ onRate }) {
  const stars = FACES.map((word, i) =>
    button({ "aria-label": `${i + 1} of 5: ${word}`, title: word, onclick: () => onRate(i + 1) }, String(i + 1)),
  );
  return group(
    "How was this conversation?",
    "rating",
    h("p", {}, "How was this conversation?"),
    h("div", { className: "scale" }, ...stars),
    h("div", { className: "ends" }, h("span", {}, FACES[0]), h("span", {}, FACES[4])),
    button({ className: "link", onclick: () => onRate(null) }, "Skip"),
  );
}

/** The line under the title: who answers. When is said below the messages. */
export function statusLine({ conversation }, items) {
  const team = conversation?.team_title;
  const who = team ? `A person from ${team}` : "A person";
  if (conversation?.status === "waiting") return `${who} will answer`;
  if (conversation?.status === "open") {
    const agent = items.findLast((item) => item.author === "agent")?.agent?.name;
    return agent ? `You are talking with ${agent}` : `${who} is with you`;
  }
  if (conversation?.status === "closed") return "Ended. Write to pick it up again";
  return "Answers right away";
}

function waitWords(minutes) {
  if (minutes == null) return "";
  if (minutes < 60) return `within ${minutes} minute${minutes === 1 ? "" : "s"}`;
  const hours = Math.ceil(minutes / 60);
  return `within ${hours} hour${hours === 1 ? "" : "s"}`;
}
