// Swaps elements of the page for fresh ones from the same address; keeps focus, open parts, scroll and typing.

import { say } from "./say.js";

let requests = 0;
let sending = 0; // forms under way
const whenSent = []; // refreshes that wait for them
const shownBy = new Map(); // element id -> number of the newest request that filled it
const shownHtml = new Map(); // element id -> the server's words for it

/** Fetches with the ids that the page has, and swaps them. Returns the response, or null when nothing came. */
export async function load(url, ids, options = {}) {
  const wanted = ids.filter((id) => document.getElementById(id));
  if (wanted.length === 0) return null;
  const number = ++requests;
  const { form, ...fetchOptions } = options;
  const response = await fetch(url, {
    ...fetchOptions,
    headers: { "X-Fragment": wanted.join(" "), Accept: "text/html" },
    credentials: "same-origin",
  });
  if (response.status === 401) {
    // The page stays, with whatever is being written on it.
    say("Your session has ended. What you wrote stays here: sign in in another tab, then try again.", {
      bad: true,
      link: { href: "/login", text: "Sign in" },
    });
    return null;
  }
  if (!(response.headers.get("content-type") ?? "").startsWith("text/html")) {
    throw new Error((await problemDetail(response)) ?? `the server answered ${response.status}`);
  }
  form?.dispatchEvent(new CustomEvent("live:answered", { bubbles: true, detail: { ok: response.ok } }));
  const answer = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = wanted.map((id) => answer.getElementById(id)).filter(Boolean);
  if (fresh.length === 0) throw new Error(answer.getElementById("problem-detail")?.textContent ?? `the server answered ${response.status}`);
  for (const element of fresh) swap(element, number, form);
  if (response.redirected) stayAt(response.url);
  return response;
}

/** Sends a form and swaps; a refresh that began before it, or would begin meanwhile, cannot show older things. */
export async function send(form, ids, fields) {
  sending += 1;
  try {
    return await load(form.getAttribute("action"), ids, { method: "POST", body: fields, form });
  } finally {
    sending -= 1;
    if (sending === 0) for (const goOn of whenSent.splice(0)) goOn();
  }
}

/** Swaps the ids on this page for how they are now; an unreachable server is left to the next event. */
export async function refresh(...ids) {
  while (sending > 0) await new Promise((resolve) => whenSent.push(resolve));
  try {
    await load(location.href, ids);
  } catch {
    // The event stream reconnects and refreshes again.
  }
}

/** Calls `handle(element, old)` after each swap; `old` is what stood there before. */
export function onSwap(handle) {
  document.addEventListener("swapped", (event) => handle(event.detail.element, event.detail.old));
}

function swap(fresh, number, form) {
  const old = document.getElementById(fresh.id);
  if (!old || (shownBy.get(fresh.id) ?? 0) > number) return; // a newer answer was faster
  shownBy.set(fresh.id, number);
  const html = fresh.outerHTML;
  if (!form && shownHtml.get(fresh.id) === html) return;
  shownHtml.set(fresh.id, html);
  const element = document.importNode(fresh, true);
  const keep = remember(old, form);
  old.replaceWith(element);
  document.dispatchEvent(new CustomEvent("swapped", { detail: { element, old } }));
  keep(element);
}

// After Post/Redirect/Get the address is the one redirected to, without the notice it had to show once.
function stayAt(address) {
  const url = new URL(address);
  url.searchParams.delete("done");
  history.replaceState(null, "", url);
}

function remember(old, form) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const selection = focused && "selectionStart" in focused ? [focused.selectionStart, focused.selectionEnd] : null;
  const scroll = old.scrollTop;
  const open = [...old.querySelectorAll("details[open][id]")].filter((part) => !form || !part.contains(form)).map((part) => part.id);
  const typed = [...old.querySelectorAll("textarea[id], input[id]")]
    .filter((field) => field.type !== "checkbox" && !form?.contains(field) && field.value !== field.defaultValue)
    .map((field) => [field.id, field.value]);
  const ticked = [...old.querySelectorAll("input[type=checkbox][id]")]
    .filter((box) => !form?.contains(box) && box.checked !== box.defaultChecked)
    .map((box) => [box.id, box.checked]);
  return (element) => {
    const find = (id) => (id ? element.querySelector(`#${CSS.escape(id)}`) : null);
    for (const id of open) find(id)?.setAttribute("open", "");
    for (const [id, value] of typed) if (find(id)) find(id).value = value;
    for (const [id, checked] of ticked) if (find(id)) find(id).checked = checked;
    element.scrollTop = scroll;
    if (!focused) return;
    const again = find(focused.id) ?? sameControl(element, focused) ?? element;
    if (again === element && !element.hasAttribute("tabindex")) element.tabIndex = -1;
    again.focus({ preventScroll: true });
    if (selection && "setSelectionRange" in again && again.type !== "checkbox") again.setSelectionRange(...selection);
  };
}

// A link or button without an id is the same one when it leads to the same place.
function sameControl(element, focused) {
  const href = focused.getAttribute("href");
  if (href) return element.querySelector(`a[href="${CSS.escape(href)}"]`);
  const action = focused.form?.getAttribute("action");
  return action ? element.querySelector(`form[action="${CSS.escape(action)}"] button`) : null;
}

async function problemDetail(response) {
  try {
    return (await response.json()).detail;
  } catch {
    return null;
  }
}
