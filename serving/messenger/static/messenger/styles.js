// The look. Sites set --firstlast-accent, --firstlast-on-accent, --firstlast-font, --firstlast-radius,
// --firstlast-offset and --firstlast-z on the element; everything else follows.

export const sheet = new CSSStyleSheet();
sheet.replaceSync(`
:host {
  --accent: var(--firstlast-accent, #3a5bd0);
  --on-accent: var(--firstlast-on-accent, #fff);
  --ink-accent: color-mix(in oklab, var(--accent) 88%, #000);
  --soft-accent: color-mix(in oklab, var(--accent) 9%, #fff);
  --surface: #fff; --raised: #f3f4f6; --line: #e4e6ea; --text: #1b1f27; --muted: #626b79;
  --warn: #8a4b08; --warn-soft: #fff4e0; --bad: #b3261e;
  --radius: var(--firstlast-radius, 20px);
  --gap: var(--firstlast-offset, 24px);
  --shadow: 0 1px 2px #1018281a, 0 12px 48px -8px #10182838;
  position: fixed; inset-inline-end: var(--gap); bottom: var(--gap); z-index: var(--firstlast-z, 2147483000);
  font: 400 15px/1.5 var(--firstlast-font, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif);
  color: var(--text); color-scheme: light; text-align: start;
}
@media (prefers-color-scheme: dark) {
  :host {
    --ink-accent: color-mix(in oklab, var(--accent) 45%, #fff);
    --soft-accent: color-mix(in oklab, var(--accent) 24%, #171a20);
    --surface: #171a20; --raised: #242832; --line: #333946; --text: #eceef2; --muted: #a0a8b6;
    --warn: #ffcf8f; --warn-soft: #3a2b12; --bad: #ff9c94;
    --shadow: 0 0 0 1px #ffffff14, 0 16px 48px #000a;
    color-scheme: dark;
  }
}
*, ::before, ::after { box-sizing: border-box; margin: 0; }
[hidden] { display: none !important; }
button, textarea { font: inherit; color: inherit; background: none; border: 0; padding: 0; }
button { cursor: pointer; }
:focus-visible { outline: 2px solid var(--ink-accent); outline-offset: 2px; }
svg { width: 22px; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; display: block; }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.launcher {
  display: grid; place-items: center; width: 60px; height: 60px; margin-inline-start: auto; border-radius: 50%;
  background: var(--accent); color: var(--on-accent); box-shadow: var(--shadow); transition: transform .18s;
}
.launcher:hover { transform: translateY(-2px); }
.launcher svg { width: 27px; grid-area: 1 / 1; transition: opacity .18s, transform .18s; }
.launcher svg:nth-of-type(2), .launcher[aria-expanded=true] svg:nth-of-type(1) { opacity: 0; transform: scale(.6); }
.launcher[aria-expanded=true] svg:nth-of-type(2) { opacity: 1; transform: none; }
.badge {
  position: absolute; top: -3px; inset-inline-end: -3px; min-width: 22px; padding: 0 6px; border-radius: 11px;
  background: #d92d20; color: #fff; font-size: 12px; font-weight: 600; line-height: 22px; text-align: center;
}

.panel {
  position: absolute; inset-inline-end: 0; bottom: 76px; display: flex; flex-direction: column; overflow: hidden;
  width: min(408px, 100vw - 2 * var(--gap)); height: min(700px, 100vh - 100px - var(--gap));
  background: var(--surface); border-radius: var(--radius); box-shadow: var(--shadow); animation: rise .2s ease-out;
}
@keyframes rise { from { opacity: 0; transform: translateY(10px); } }
header { display: flex; align-items: center; gap: 12px; padding: 18px 14px 16px 20px; border-bottom: 1px solid var(--line); }
.words { flex: 1; min-width: 0; }
header > .icon:first-child { margin-inline: -8px -4px; }
.unread { position: relative; }
.unread::after, .dot {
  content: ""; position: absolute; top: 6px; inset-inline-end: 6px; width: 9px; height: 9px; border-radius: 50%; background: #d92d20;
}
.has-menu { position: relative; }
.has-menu svg { stroke-width: 3; }
.menu {
  position: absolute; top: 40px; inset-inline-end: 0; z-index: 1; width: max-content; max-width: 280px; padding: 6px;
  border: 1px solid var(--line); border-radius: 14px; background: var(--surface); box-shadow: var(--shadow);
}
.menu button { display: block; width: 100%; padding: 9px 14px; border-radius: 9px; font-size: 14px; text-align: start; }
.menu button:is(:hover, :focus-visible) { background: var(--raised); }
h2 { font-size: 16px; font-weight: 650; line-height: 1.3; letter-spacing: -.01em; }
.status { font-size: 13px; line-height: 1.35; color: var(--muted); }
.status::before {
  content: ""; display: inline-block; width: 7px; height: 7px; margin-inline-end: 6px; border-radius: 50%;
  background: #22a06b; vertical-align: 1px;
}
[data-status=waiting] .status::before { background: #e59a1a; }
[data-status=closed] .status::before { background: var(--muted); }
.disc {
  flex: none; display: grid; place-items: center; width: 40px; height: 40px; border-radius: 50%;
  background: var(--soft-accent); color: var(--ink-accent);
}
.icon { flex: none; display: grid; place-items: center; width: 36px; height: 36px; border-radius: 10px; color: var(--muted); }
.icon:hover { background: var(--raised); color: var(--text); }
.icon svg { width: 20px; }
.has-menu + .icon { margin-inline-start: -8px; }
.banner { padding: 9px 20px; background: var(--warn-soft); color: var(--warn); font-size: 13px; line-height: 1.4; }

.scroll { position: relative; flex: 1; overflow-y: auto; overscroll-behavior: contain; padding: 20px 20px 12px; }
.scroll:focus-visible { outline-offset: -3px; }
.log { display: flow-root; }
.message { display: flex; flex-direction: column; align-items: flex-start; margin-bottom: 16px; animation: rise .2s ease-out; }
.who { order: 1; margin: 3px 6px 0; font-size: 12px; line-height: 1.3; color: var(--muted); }
.bubble {
  max-width: 88%; padding: 10px 15px; border-radius: 18px; border-end-start-radius: 6px; background: var(--raised);
  overflow-wrap: anywhere;
}
.customer { align-items: flex-end; }
.customer .bubble { background: var(--accent); color: var(--on-accent); border-radius: 18px; border-end-end-radius: 6px; white-space: pre-wrap; }
.sending .bubble { opacity: .65; }
.failed .bubble { background: none; color: inherit; box-shadow: inset 0 0 0 1.5px var(--bad); }
.agent .bubble { background: var(--soft-accent); }
.system { margin: 4px 0 16px; font-size: 13px; color: var(--muted); text-align: center; }
.failure { order: 2; display: flex; flex-wrap: wrap; gap: 2px 12px; justify-content: flex-end; max-width: 88%; margin: 2px 6px 0; font-size: 13px; color: var(--bad); text-align: end; }
.failed .who { color: var(--bad); }
.link { color: var(--ink-accent); font-size: 13px; text-decoration: underline; text-underline-offset: 2px; }

:is(.bubble, .prose) > * + *, :is(.bubble, .prose) li + li { margin-top: 8px; }
:is(.bubble, .prose) li + li { margin-top: 4px; }
:is(.bubble, .prose) :is(ul, ol) { padding-inline-start: 22px; }
:is(.bubble, .prose) :is(h1, h2, h3, h4, h5, h6) { font-size: 15px; font-weight: 650; }
:is(.bubble, .prose) a, .sources a { color: var(--ink-accent); text-underline-offset: 2px; }
:is(.bubble, .prose) img { max-width: 100%; height: auto; border-radius: 8px; }
:is(.bubble, .prose) :is(pre, table) { display: block; max-width: 100%; overflow-x: auto; font-size: 13px; }
:is(.bubble, .prose) code { font: 13px/1.4 ui-monospace, Menlo, monospace; }
:is(.bubble, .prose) :not(pre) > code { padding: 1px 4px; border-radius: 4px; background: color-mix(in srgb, var(--text) 8%, transparent); }
:is(.bubble, .prose) :is(td, th) { padding: 4px 10px 4px 0; border-bottom: 1px solid var(--line); text-align: start; vertical-align: top; }
:is(.bubble, .prose) table { overflow-wrap: normal; }
:is(.bubble, .prose) hr { border: 0; border-top: 1px solid var(--line); }
blockquote { padding-inline-start: 10px; border-inline-start: 3px solid var(--line); color: var(--muted); }

.sources { width: 88%; margin-top: 6px; padding: 0; list-style: none; border: 1px solid var(--line); border-radius: 14px; overflow: hidden; }
.sources li { padding: 9px 14px 10px; font-size: 14px; line-height: 1.4; overflow-wrap: anywhere; }
.sources li + li { border-top: 1px solid var(--line); }
.sources small { display: block; font-size: 12px; color: var(--muted); }
.sources :is(a, b) { font-weight: 550; }
.sources details { margin-top: 3px; }
summary { width: fit-content; font-size: 13px; color: var(--muted); cursor: pointer; }
.sources blockquote { margin-top: 6px; font-size: 13px; white-space: pre-line; }

.hello { margin: 4px 0 20px; font-size: 20px; font-weight: 600; line-height: 1.35; letter-spacing: -.01em; text-wrap: balance; }
h3 { font-size: 13px; font-weight: 600; color: var(--muted); }
.list { margin: 8px 0 20px; padding: 0; list-style: none; border: 1px solid var(--line); border-radius: 14px; overflow: hidden; }
.list + .link { margin-top: -8px; }
.list li + li { border-top: 1px solid var(--line); }
.entry { position: relative; display: block; width: 100%; padding-block: 11px; padding-inline: 15px 34px; text-align: start; }
.entry:hover { background: var(--soft-accent); }
.entry:focus-visible { outline-offset: -2px; }
.entry b { display: block; overflow: hidden; font-weight: 550; line-height: 1.4; text-overflow: ellipsis; white-space: nowrap; }
.list .entry b:only-child { white-space: normal; }
.entry small { font-size: 13px; color: var(--muted); }
.dot { top: calc(50% - 5px); inset-inline-end: 15px; }
.article:focus { outline: 0; }
.article h3 { margin-bottom: 10px; font-size: 18px; font-weight: 650; line-height: 1.3; color: inherit; }
.article .link { display: inline-block; margin-top: 16px; }

.tail:empty { display: none; }
.actions, .choices { display: flex; flex-wrap: wrap; gap: 8px; margin-bottom: 12px; }
.chip, .choice {
  padding: 7px 14px; border: 1px solid var(--line); border-radius: 18px; background: var(--surface); font-size: 14px;
  line-height: 1.4; text-align: start; transition: background .15s, border-color .15s;
}
.chip:hover, .choice:hover { background: var(--soft-accent); border-color: var(--ink-accent); }
.choice { width: 100%; padding: 10px 15px; border-radius: 14px; color: var(--ink-accent); font-weight: 550; }
.note { margin: 0 6px 12px; font-size: 13px; color: var(--muted); }
.typing { display: inline-flex; gap: 5px; margin-bottom: 12px; padding: 14px 16px; border-radius: 18px; border-end-start-radius: 6px; background: var(--raised); }
.typing i { width: 7px; height: 7px; border-radius: 50%; background: var(--muted); animation: blink 1.2s infinite; }
.typing i:nth-child(2) { animation-delay: .15s; }
.typing i:nth-child(3) { animation-delay: .3s; }
@keyframes blink { 0%, 60%, 100% { opacity: .3; } 30% { opacity: 1; } }
.queue { display: flex; gap: 14px; margin-bottom: 12px; padding: 16px; border: 1px solid var(--line); border-radius: 16px; }
.queue b { font-weight: 650; }
.queue p { font-size: 14px; line-height: 1.45; }
.queue p + p { color: var(--muted); font-size: 13px; }
.rating { margin-bottom: 12px; padding: 16px; border: 1px solid var(--line); border-radius: 16px; text-align: center; }
.scale { display: grid; grid-template-columns: repeat(5, 1fr); gap: 8px; margin: 10px 0 4px; }
.scale button { height: 40px; border-radius: 12px; background: var(--raised); font-weight: 600; }
.scale button:is(:hover, [aria-pressed=true]) { background: var(--accent); color: var(--on-accent); }
.more { display: grid; gap: 10px; margin: 10px 0; justify-items: center; }
.more textarea { width: 100%; border-radius: 14px; }
.ends { display: flex; justify-content: space-between; margin-bottom: 4px; font-size: 12px; color: var(--muted); }

.suggestions { padding: 6px; border-top: 1px solid var(--line); list-style: none; }
.suggestions::before { content: attr(data-words); display: block; padding: 6px 14px 2px; font-size: 12px; color: var(--muted); }
.suggestions button { width: 100%; padding: 8px 14px; border-radius: 10px; font-size: 14px; line-height: 1.4; text-align: start; }
.suggestions button:is(:hover, :focus-visible) { background: var(--raised); }
.suggestions button:focus-visible { outline-offset: -2px; }
.composer { display: flex; flex-wrap: wrap; align-items: flex-end; gap: 8px; padding: 12px 14px 16px; }
.composer .attach { width: 32px; margin-inline: -4px; background: none; color: var(--muted); }
.files { display: grid; gap: 4px; width: 100%; padding: 0; list-style: none; font-size: 14px; }
.files li { display: flex; align-items: center; justify-content: space-between; padding-inline-start: 12px; border-radius: 10px; background: var(--raised); }
.files span { min-width: 0; overflow-wrap: anywhere; }
.files small { margin-inline-start: 8px; color: var(--muted); }
.files .bad small { color: var(--bad); }
.sent-files { padding: 0; list-style: none; }
.sent-files img { display: block; max-width: 240px; max-height: 240px; margin-top: 4px; border-radius: 14px; }
.suggestions:not([hidden]) + .composer { padding-top: 4px; }
textarea {
  flex: 1; min-width: 0; max-height: 136px; padding: 10px 16px; border: 1px solid var(--line); border-radius: 22px;
  background: var(--surface); line-height: 22px; resize: none; overflow-y: auto;
}
textarea::placeholder { color: var(--muted); opacity: 1; }
textarea:focus { border-color: var(--ink-accent); outline: 1px solid var(--ink-accent); outline-offset: -1px; }
.composer > button {
  flex: none; display: grid; place-items: center; width: 44px; height: 44px; border-radius: 50%;
  background: var(--accent); color: var(--on-accent); transition: opacity .15s;
}
.composer button:disabled { background: var(--raised); color: var(--muted); cursor: default; }

@media (max-width: 480px) {
  .panel { position: fixed; inset: 0; width: auto; height: 100dvh; border-radius: 0; padding-bottom: env(safe-area-inset-bottom); }
  .panel:not([hidden]) + .launcher { display: none; }
  textarea { font-size: 16px; }
}
@media (prefers-reduced-motion: reduce) {
  *, ::before { animation: none !important; transition: none !important; }
}
@media print { :host { display: none; } }
`);
