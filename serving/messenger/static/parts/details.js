// The short form of details that people want to know beforehand; loaded when it is asked for.

/** How it looks, for the shadow root it stands in. */
export const sheet = new CSSStyleSheet();
sheet.replaceSync(`
.details { display: grid; gap: 10px; margin-bottom: 12px; padding: 16px; border: 1px solid var(--line); border-radius: 16px; }
.details label span { display: block; font-size: 13px; color: var(--muted); }
:is(input, select) { width: 100%; padding: 8px 12px; border: 1px solid var(--line); border-radius: 10px; font: inherit; color: inherit; background: var(--surface); }
.details .ends { align-items: center; margin: 0; }
`);

const INPUTS = {
  email: { type: "email", autocomplete: "email" },
  number: { inputMode: "decimal" },
};

/** The form; `draft` keeps what is typed by field, `onSend(values)` and `onSkip()` end it. */
export function detailsForm({ h, button, t }, { fields }, draft, { onSend, onSkip }) {
  const rows = fields.map((field) => {
    const input = control(h, field);
    input.value = draft[field.name] ?? "";
    input.addEventListener("input", () => (draft[field.name] = input.value));
    const label = field.required ? field.label : `${field.label} (${t("optional")})`;
    return h("label", {}, h("span", {}, label), input);
  });
  const send = h("button", { className: "chip" }, t("send"));
  const form = h("form", { className: "details", "aria-label": t("details") }, h("p", {}, t("details")), ...rows);
  form.append(h("div", { className: "ends" }, send, button({ className: "link", onclick: onSkip }, t("skip"))));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    onSend({ ...draft });
  });
  return form;
}

function control(h, { kind, choices, pattern, required }) {
  if (kind === "choice") {
    return h("select", { required }, h("option", { value: "" }), ...choices.map((one) => h("option", {}, one)));
  }
  return h("input", { required, maxLength: 500, placeholder: pattern ?? "", ...INPUTS[kind] });
}
