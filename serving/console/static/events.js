// Server-sent events: says which parts of the page have changed. What they show comes from the page itself.

import { onSwap, refresh } from "./fragments.js";
import { announce } from "./say.js";

const RETRY_MILLISECONDS = 2_000;
const LONGEST_RETRY_MILLISECONDS = 30_000;
const TYPING_MILLISECONDS = 8_000;

/** Follows the inbox on every page, and the conversation that is open. */
export function startEvents() {
  const changed = together(() => refresh("conversation-list", "nothing-chosen", "inbox-views", "nav", "proposals"));
  followInbox(changed);
  document.addEventListener("visibilitychange", () => document.hidden || changed()); // a sleeping tab heard nothing
  const conversation = document.querySelector("[data-events]");
  if (conversation) followConversation(conversation.dataset.events);
  onSwap((element, old) => {
    if (element.id === "nav") showCount(element);
    if (element.id === "conversation-list") greetNew(element, old);
  });
}

// One stream for all tabs of this browser (a browser opens six connections to one server at most): the tab
// that holds the lock listens and tells the others.
function followInbox(changed) {
  const open = (tell) => follow("/v1/inbox/events", { conversation: tell }, tell);
  if (!navigator.locks || !window.BroadcastChannel) return open(changed);
  const channel = new BroadcastChannel("firstlast-inbox");
  channel.onmessage = changed;
  navigator.locks.request("firstlast-inbox", () => {
    open(() => {
      changed();
      channel.postMessage("changed");
    });
    return new Promise(() => {}); // held until the tab closes
  });
}

function followConversation(address) {
  const changed = together(() => refresh("thread", "conversation-header", "composer-state", "details", "nav"));
  const handlers = {
    message: (event) => {
      hideTyping();
      const message = read(event);
      if (message.author === "customer") announce("New message from the customer.");
      if (message.author === "bot") announce("The bot has answered.");
      changed();
    },
    status: changed,
    feedback: changed,
    proposal: (event) => {
      if ((read(event).status ?? "pending") === "pending") announce("The bot asks whether it may learn your reply.");
      changed();
    },
    typing: showTyping,
  };
  let stream = follow(address, handlers, changed);
  document.addEventListener("visibilitychange", () => {
    stream.close(); // a tab in the background leaves its connection to others
    if (document.hidden) return;
    stream = follow(stream.address(), handlers, changed);
    changed();
  });
}

// Opens a stream; one that the server ended is opened again, and then everything may have changed.
function follow(address, handlers, reopened) {
  let source = null;
  let lastId = "";
  let closed = false;
  let retry = 0;
  let failures = 0;
  const here = () => {
    const url = new URL(address, location.href);
    if (lastId) url.searchParams.set("after", lastId);
    return url.pathname + url.search;
  };
  const open = (again) => {
    source = new EventSource(here());
    source.onopen = () => {
      document.documentElement.dataset.liveStream = "open";
      failures = 0;
      if (again) reopened();
      again = true;
    };
    source.onerror = () => {
      document.documentElement.dataset.liveStream = "lost";
      if (source.readyState !== EventSource.CLOSED || closed) return;
      retry = setTimeout(() => open(true), Math.min(RETRY_MILLISECONDS * 2 ** failures++, LONGEST_RETRY_MILLISECONDS));
    };
    for (const [kind, handle] of Object.entries(handlers)) {
      source.addEventListener(kind, (event) => {
        lastId = event.lastEventId || lastId;
        handle(event);
      });
    }
  };
  open(false);
  return {
    address: here,
    close: () => {
      closed = true;
      clearTimeout(retry);
      source.close();
    },
  };
}

function showCount(nav) {
  const waiting = Number(nav.dataset.waiting);
  const title = document.title.replace(/^\(\d+\) /, "");
  document.title = waiting ? `(${waiting}) ${title}` : title;
}

function greetNew(list, old) {
  const unanswered = (root) => [...root.querySelectorAll(".row--unanswered")];
  const known = new Set(unanswered(old).map((row) => row.dataset.id));
  const arrived = unanswered(list).filter((row) => !known.has(row.dataset.id));
  for (const row of arrived) row.classList.add("row--new");
  const elsewhere = arrived.filter((row) => !row.querySelector("[aria-current]"));
  if (elsewhere.length > 1) return announce(`${elsewhere.length} more customers wait for an answer.`);
  for (const row of elsewhere) {
    const urgent = row.dataset.priority === "urgent" ? "Urgent: " : "";
    announce(`${urgent}${row.dataset.name} ${row.dataset.status === "waiting" ? "waits for a person" : "wrote again"}.`);
  }
}

let typingEnds = 0;

function showTyping() {
  const typing = document.getElementById("typing");
  typing.hidden = false;
  clearTimeout(typingEnds);
  typingEnds = setTimeout(hideTyping, TYPING_MILLISECONDS);
}

function hideTyping() {
  document.getElementById("typing").hidden = true;
}

function read(event) {
  try {
    return JSON.parse(event.data);
  } catch {
    return {};
  }
}

// Several changes within a moment are one refresh; one that comes during a refresh is not lost.
function together(action) {
  let timer = 0;
  let running = false;
  let again = false;
  const run = async () => {
    timer = 0;
    if (running) {
      again = true;
      return;
    }
    running = true;
    await action();
    running = false;
    if (again) {
      again = false;
      schedule();
    }
  };
  const schedule = () => {
    timer ||= setTimeout(run, 100);
  };
  return schedule;
}
