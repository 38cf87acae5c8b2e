// Sends forms marked `data-live` without leaving the page; an error is shown and what was written stays.

import { load, onSwap, send } from "./fragments.js";
import { say } from "./say.js";

/** Takes over the forms of this page, now and after every swap. */
export function startForms() {
  for (const button of document.querySelectorAll(".filters[data-submit-on-change] button")) button.hidden = true;
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset.live || event.defaultPrevented) return;
    event.preventDefault();
    if (form.getAttribute("aria-busy") !== "true") submit(form, event.submitter);
  });
  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (form?.hasAttribute("data-submit-on-change") && event.target.matches("select")) form.requestSubmit();
    nameTeam(form);
  });
  nameTeams(document);
  onSwap(nameTeams);
  let pause = 0;
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (!form?.hasAttribute("data-live-input")) return;
    clearTimeout(pause);
    pause = setTimeout(() => form.requestSubmit(), 200);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !event.target.matches("form[data-live] textarea")) return;
    event.preventDefault();
    event.target.form.requestSubmit();
  });
}

function nameTeams(root) {
  for (const words of root.querySelectorAll("[data-team-words]")) nameTeam(words.closest("form"));
}

/** Says beside the box which team the chosen intent has; without one there is nowhere to move to. */
function nameTeam(form) {
  const words = form?.querySelector("[data-team-words]");
  if (!words) return;
  const team = form.querySelector("select").selectedOptions[0]?.dataset.team;
  words.closest("label").hidden = !team;
  if (team) words.textContent = `Move it to ${team}`;
}

async function submit(form, submitter) {
  const ids = form.dataset.live.split(" ");
  const fields = new URLSearchParams(new FormData(form, submitter));
  form.setAttribute("aria-busy", "true");
  try {
    if (form.method === "get") {
      const url = `${form.getAttribute("action")}?${fields}`;
      history.replaceState(null, "", url);
      await load(url, ids);
    } else {
      const response = await send(form, ids, fields);
      if (response) moveFocus(form, response.ok);
    }
  } catch (error) {
    const offline = error instanceof TypeError;
    say(offline ? "Not sent: the server cannot be reached. What you wrote is still here; try again." : `Not done: ${error.message}`, { bad: true });
  } finally {
    form.removeAttribute("aria-busy");
  }
}

function moveFocus(form, ok) {
  const id = form.dataset.focus;
  if (!id) return;
  const target = document.getElementById(id);
  if (!target) document.getElementById("main").focus();
  else if (ok) target.focus();
  else (target.querySelector("[role=alert]") ?? target).scrollIntoView({ block: "nearest" });
}
