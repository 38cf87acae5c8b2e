// Keeps the newest message or question of the bot in view, unless the reader has scrolled away from it.

import { onSwap } from "./fragments.js";

const NEAR_PIXELS = 80;

/** Shows the end of the thread now, and follows it while the reader is near it. */
export function startThread() {
  const thread = document.getElementById("thread");
  if (!thread) return;
  if (!location.hash) toEnd(thread);
  let following = true;
  document.addEventListener("scroll", () => (following = isNearEnd()), { capture: true, passive: true });
  onSwap((element, old) => {
    if (element.id !== "thread") return;
    const grew = element.dataset.last !== old.dataset.last || Number(element.dataset.cards) > Number(old.dataset.cards);
    if (grew && following) requestAnimationFrame(() => toEnd(element));
  });
}

function toEnd(thread) {
  thread.querySelector(".thread > :last-child")?.scrollIntoView({ block: "end" });
}

function isNearEnd() {
  const thread = document.getElementById("thread");
  const scroller = thread.scrollHeight > thread.clientHeight + 1 ? thread : document.documentElement;
  return scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_PIXELS;
}
