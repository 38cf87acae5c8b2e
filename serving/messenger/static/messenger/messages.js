// How messages look, and what a customer can do below the latest one.

import { button, h, icon } from "./dom.js";
import { filesNode } from "./files.js";
import { linkTo, safeNodes } from "./sanitize.js";
import { isEnglish, locale, t } from "./words.js";

const SHOWN_SOURCES = 3;

/** One message as a list entry of the log. */
export function messageNode(item, { server, onRetry, onEdit, onArticle, loadFile }) {
  if (item.author === "system") return h("div", { className: "system" }, item.text);
  const body = item.author === "customer" || !item.html ? item.text : safeNodes(item.html, `${server}/help/`);
  const node = h(
    "div",
    { className: `message ${item.author} ${item.state}` },
    h("span", { className: "who" }, h("span", { className: "sr" }, `${speaker(item)}, `), byline(item)),
    item.text && h("div", { className: "bubble" }, body),
    item.payload?.attachments && filesNode(item.payload.attachments, loadFile),
    sourcesNode(item, server, onArticle),
  );
  if (item.state === "failed") node.append(failedNode(item, { onRetry, onEdit }));
  return node;
}

function speaker(item) {
  return { customer: t("you"), bot: t("assistant") }[item.author] ?? item.agent?.name ?? t("our_team");
}

function byline(item) {
  if (item.state === "sending") return t("sending");
  if (item.state === "failed") return t("not_sent");
  const clock = new Intl.DateTimeFormat(locale(), { hour: "numeric", minute: "2-digit" });
  const time = clock.format(new Date(item.created_at));
  return item.author === "agent" ? `${speaker(item)} · ${time}` : time;
}

function failedNode(item, { onRetry, onEdit }) {
  return h(
    "div",
    { className: "failure", role: "alert" },
    h("span", {}, item.error.charAt(0).toUpperCase() + item.error.slice(1)),
    button({ className: "link", onclick: () => onRetry(item.key) }, t("try_again")),
    button({ className: "link", onclick: () => onEdit(item) }, t("edit")),
  );
}

function sourcesNode({ payload, text }, server, onArticle) {
  const sources = payload?.sources ?? [];
  if (!sources.length) return null;
  const entries = sources.slice(0, SHOWN_SOURCES).map((source) => sourceNode(source, server, text, onArticle));
  return h("ul", { className: "sources", "aria-label": t("sources") }, ...entries);
}

function sourceNode(source, server, answer, onArticle) {
  const slug = source.kind === "article" ? source.ref.replace(/^article:/, "") : "";
  const title = h(source.url || slug ? "a" : "b", {}, source.title);
  if (title.localName === "a") linkTo(title, source.url || `/help/${slug}`, server);
  const readHere = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab or window is wanted
    event.preventDefault();
    onArticle(slug);
  };
  if (slug) title.addEventListener("click", readHere);
  return h(
    "li",
    {},
    h("small", {}, t(`from_${source.kind}`)),
    title,
    source.excerpt &&
      !answer.includes(source.excerpt.trim()) && // the answer is the passage itself
      h("details", {}, h("summary", {}, t("passage")), h("blockquote", {}, plain(source.excerpt))),
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
  if (status !== "closed" && session.details?.status === "asked") nodes.push(actions.detailsNode());
  if (status === "waiting" && items.length) nodes.push(endNode(payload.offers_end, actions));
  const ended = status === "closed" || payload.feedback === true;
  if (ended && session.rating === null) nodes.push(ratingNode(actions));
  if (ended && session.rating) nodes.push(h("p", { className: "note" }, t("thanks")));
  return nodes.filter(Boolean);
}

function typingNode() {
  const dots = [1, 2, 3].map(() => h("i"));
  return h("div", { className: "typing", role: "img", "aria-label": t("typing") }, ...dots);
}

function choicesNode(choices, { onChoose, onPerson }) {
  const chips = choices.map((choice) => button({ className: "choice", onclick: () => onChoose(choice) }, choice.title));
  const label = t(chips.length > 1 ? "which" : chips.length ? "is_it" : "or");
  return group(label, "choices", ...chips, personButton(onPerson));
}

function answerActions(message, { onFeedback, onPerson }) {
  const { feedback } = message.payload;
  if (feedback === true) return h("p", { className: "note" }, t("glad"));
  return group(
    t("did_help"),
    "actions",
    feedback == null && chip(t("helped"), () => onFeedback(message, true)),
    feedback == null && chip(t("not_helped"), () => onFeedback(message, false)),
    personButton(onPerson),
  );
}

function personButton(onPerson) {
  return chip(t("person"), onPerson);
}

function chip(text, onclick) {
  return button({ className: "chip", onclick }, text);
}

function group(label, className, ...children) {
  return h("div", { className, role: "group", "aria-label": label }, ...children);
}

function queueNode(conversation) {
  const wait = waitWords(conversation.expected_wait_minutes);
  const told = isEnglish() && conversation.waiting?.words; // what the server says it says in English
  const words = told || (wait ? t("usually", { within: wait }) : t("person_will_answer"));
  return h(
    "div",
    { className: "queue" },
    h("span", { className: "disc" }, icon("person")),
    h(
      "div",
      {},
      h("b", {}, conversation.team_title ? t("team", { team: conversation.team_title }) : t("our_team")),
      h("p", {}, words),
      h("p", {}, t("stays")),
    ),
  );
}

/** The way out for a customer who waits and needs nobody any more; asked plainly where they said so. */
function endNode(offered, { onEnd }) {
  const end = chip(t("end_conversation"), onEnd);
  if (offered) return group(t("end_conversation"), "actions", end);
  return h("p", { className: "note" }, `${t("found_it")} `, button({ className: "link", onclick: onEnd }, t("end_conversation")));
}

/** Five numbers; one pressed can be changed and commented on before it is sent, so that no stray click rates. */
function ratingNode({ onRate }) {
  const faces = t("faces");
  let score = 0;
  const comment = h("textarea", { rows: 2, maxLength: 2000, placeholder: t("comment"), "aria-label": t("comment") });
  const send = button({ className: "chip", onclick: () => onRate(score, comment.value.trim()) }, t("send_rating"));
  const more = h("div", { className: "more", hidden: true }, comment, send);
  const choose = (chosen) => {
    score = chosen;
    more.hidden = false;
    scores.forEach((one, i) => one.setAttribute("aria-pressed", String(i + 1 === score)));
  };
  const scores = faces.map((word, i) => {
    const label = t("rating", { n: i + 1, word });
    return button({ "aria-label": label, title: word, "aria-pressed": "false", onclick: () => choose(i + 1) }, String(i + 1));
  });
  return group(
    t("how_was"),
    "rating",
    h("p", {}, t("how_was")),
    h("div", { className: "scale" }, ...scores),
    h("div", { className: "ends" }, h("span", {}, faces[0]), h("span", {}, faces[4])),
    more,
    button({ className: "link", onclick: () => onRate(null) }, t("skip")),
  );
}

/** The line under the title: who answers. When is said below the messages. */
export function statusLine({ conversation }, items) {
  const team = conversation?.team_title;
  if (conversation?.status === "waiting") return t(team ? "person_from" : "person_somewhere", { team });
  if (conversation?.status === "open") {
    const agent = items.findLast((item) => item.author === "agent")?.agent?.name;
    return agent ? t("talking_with", { agent }) : t("person_with_you");
  }
  return t(conversation?.status === "closed" ? "ended" : "right_away");
}

function waitWords(minutes) {
  if (minutes == null) return "";
  return minutes < 60 ? t("within_minutes", { n: minutes }) : t("within_hours", { n: Math.ceil(minutes / 60) });
}
