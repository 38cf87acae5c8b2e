// Starts what makes the pages live; every page works without it.

import { startCards } from "./cards.js";
import { startComposer } from "./composer.js";
import { startEvents } from "./events.js";
import { startFiles } from "./files.js";
import { startForms } from "./forms.js";
import { startKept } from "./kept.js";
import { startKeys } from "./keys.js";
import { startMenus } from "./menus.js";
import { startThread } from "./thread.js";
import { startTimes } from "./times.js";

for (const element of document.querySelectorAll("[data-needs-script]")) element.hidden = false;
startTimes();
startForms();
startComposer();
startFiles();
startCards();
startMenus();
startKept();
startKeys();
startThread();
startEvents();

// A notice is said once: reloading the page must not repeat it.
const here = new URL(location.href);
if (here.searchParams.has("done")) {
  here.searchParams.delete("done");
  history.replaceState(null, "", here);
}
