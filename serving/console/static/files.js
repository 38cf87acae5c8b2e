// Files beside a reply: uploaded when chosen or pasted, named in the form that is sent.

import { onSwap } from "./fragments.js";
import { announce, say } from "./say.js";

const MOST = 5;

/** Lets this page's composer take files, now and after each time it is drawn anew. */
export function startFiles() {
  const composer = document.getElementById("composer");
  if (!composer) return;
  prepare(composer);
  onSwap((element) => element.id === "composer" && prepare(element));
}

function prepare(form) {
  const control = form.querySelector("[data-attach]");
  if (!control) return;
  for (const entry of form.querySelectorAll(".attachments--new li")) entry.append(removal(entry, entry.textContent.trim()));
  const input = Object.assign(document.createElement("input"), { type: "file", multiple: true, hidden: true });
  control.after(input);
  control.hidden = false;
  control.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    upload(form, control.dataset.attach, [...input.files]);
    input.value = "";
  });
  form.addEventListener("paste", (event) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    upload(form, control.dataset.attach, [...event.clipboardData.files]);
  });
}

async function upload(form, address, files) {
  const list = form.querySelector(".attachments--new");
  for (const file of files.slice(0, MOST - list.children.length)) {
    const entry = document.createElement("li");
    entry.append(`${file.name} …`);
    list.append(entry);
    const made = await send(address, file);
    if (made.id) entry.replaceChildren(file.name, named(made.id), removal(entry, file.name));
    else entry.remove();
    if (made.id) announce(`${file.name} is attached.`);
    else say(made.detail ? sentence(made.detail) : `${file.name} did not reach us. Try again.`, { bad: true });
  }
}

async function send(address, file) {
  const init = { method: "POST", body: file, headers: { "Content-Type": "application/octet-stream" } };
  try {
    return await (await fetch(`${address}?name=${encodeURIComponent(file.name.slice(0, 200))}`, init)).json();
  } catch {
    return {};
  }
}

function sentence(words) {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

function named(id) {
  return Object.assign(document.createElement("input"), { type: "hidden", name: "attachments", value: id });
}

function removal(entry, name) {
  const remove = Object.assign(document.createElement("button"), { type: "button", className: "button button--quiet button--small" });
  remove.append("Remove");
  remove.setAttribute("aria-label", `Remove ${name}`);
  remove.addEventListener("click", () => entry.remove());
  return remove;
}
