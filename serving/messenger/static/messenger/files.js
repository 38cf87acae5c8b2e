// Files that go along with a message: chosen or pasted, uploaded at once, shown beside the words.

import { button, h, icon } from "./dom.js";
import { t } from "./words.js";

const MOST = 5;
const MAX_BYTES = 10 * 1024 * 1024;

/** The files of the message being written; `onChange` runs when there are others. */
export class Files {
  #entries = [];

  constructor({ upload, onChange }) {
    this.upload = upload;
    this.onChange = onChange;
    this.list = h("ul", { className: "files", hidden: true });
    const input = h("input", { type: "file", multiple: true, hidden: true });
    input.addEventListener("change", () => {
      this.add([...input.files]);
      input.value = "";
    });
    const choose = () => input.click();
    this.control = button({ className: "attach", "aria-label": t("attach"), title: t("attach"), onclick: choose }, icon("clip"));
    this.control.append(input);
  }

  /** Ids of what is uploaded. */
  get ids() {
    return this.#entries.filter((entry) => entry.id).map((entry) => entry.id);
  }

  /** Whether something is still on its way. */
  get busy() {
    return this.#entries.some((entry) => !entry.id && !entry.error);
  }

  add(files) {
    for (const file of files.slice(0, MOST - this.#entries.length)) this.#add(file);
  }

  clear() {
    this.#entries = [];
    this.#render();
  }

  async #add(file) {
    const entry = { name: file.name };
    this.#entries.push(entry);
    if (file.size > MAX_BYTES) entry.error = t("too_large");
    this.#render();
    if (entry.error) return;
    try {
      entry.id = (await this.upload(file)).id;
    } catch (problem) {
      entry.error = problem.status ? problem.message : t("not_reached");
    }
    this.#render();
  }

  #render() {
    const drop = (entry) => () => {
      this.#entries = this.#entries.filter((one) => one !== entry);
      this.#render();
    };
    this.list.hidden = !this.#entries.length;
    this.list.replaceChildren(
      ...this.#entries.map((entry) => {
        const label = t("remove", { name: entry.name });
        const remove = button({ className: "icon", "aria-label": label, title: label, onclick: drop(entry) }, icon("close"));
        const state = entry.error ?? (entry.id ? "" : t("sending"));
        return h("li", { className: entry.error ? "bad" : "" }, h("span", {}, entry.name, h("small", { role: "status" }, state)), remove);
      }),
    );
    this.onChange();
  }
}

/** The files of a message that was sent: pictures to look at, all else to save. */
export function filesNode(files, load) {
  const save = async (file) => {
    const address = URL.createObjectURL(await load(file.id));
    h("a", { href: address, download: file.name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  };
  const entry = (file) => {
    const node = button({ className: "link", onclick: () => save(file).catch(() => {}) }, file.name);
    if (file.media_type.startsWith("image/")) showPicture(node, file, load);
    return h("li", {}, node);
  };
  return h("ul", { className: "sent-files" }, ...files.map(entry));
}

async function showPicture(node, file, load) {
  const content = await load(file.id).catch(() => null);
  if (!content) return;
  const picture = h("img", { alt: file.name, src: URL.createObjectURL(content) });
  picture.addEventListener("load", () => URL.revokeObjectURL(picture.src));
  picture.addEventListener("error", () => node.replaceChildren(file.name)); // the site's policy forbids it
  node.replaceChildren(picture);
}
