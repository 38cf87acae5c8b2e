// Times in the reader's own zone, and waiting times that go on counting.

import { onSwap } from "./fragments.js";

/** Rewrites the times of the page, now, after every swap, and each half minute. */
export function startTimes() {
  rewrite(document);
  onSwap(rewrite);
  setInterval(() => rewrite(document), 30_000);
}

function rewrite(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    time.textContent = time.hasAttribute("data-elapsed") ? elapsed((Date.now() - moment) / 60_000) : clock(moment);
    time.title = moment.toLocaleString();
  }
}

/** The same words as the server's, from minutes. */
export function elapsed(minutes) {
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${Math.floor(minutes)} min`;
  return minutes < 1440 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} d`;
}

function clock(moment) {
  const today = new Date();
  const time = { hour: "2-digit", minute: "2-digit" };
  if (moment.toDateString() === today.toDateString()) return moment.toLocaleTimeString([], time);
  const day = { day: "numeric", month: "short" };
  if (moment.getFullYear() !== today.getFullYear()) return moment.toLocaleDateString([], { ...day, year: "numeric" });
  return moment.toLocaleString([], { ...day, ...time });
}
