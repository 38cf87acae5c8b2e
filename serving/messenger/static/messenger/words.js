// What the messenger says, in the reader's language. English is built in; others are fetched as JSON when needed.

const ENGLISH = {
  title: "Help",
  greeting: "Hello! Ask us anything. If the bot cannot help, a person will.",
  offline: "You are offline. Your messages are saved and will be sent when you are back.",
  busy: "That was a lot at once. Your messages are saved and will be sent in a moment.",
  unreachable: "Connecting… Your messages are saved and will be sent as soon as we are connected.",
  not_reached: "That did not reach us. Please try again.",
  still_waiting: "Your other question stays with our team. You find the answer under your conversations.",
  open_chat: "Open the chat",
  open_chat_unread: { one: "Open the chat, {n} unread", other: "Open the chat, {n} unread" },
  close_chat: "Close the chat",
  close: "Close",
  back: "Back",
  more: "More",
  new_conversation: "New conversation",
  end_conversation: "End the conversation",
  keep_waiting: "Keep waiting",
  transcript: "Download the transcript",
  conversations: "Your conversations",
  all_conversations: "Show all",
  popular: "Popular articles",
  open_page: "Open in the help centre",
  loading: "Loading…",
  not_loaded: "This could not be loaded. Please try again.",
  write: "Write a message…",
  ask: "Ask a question…",
  your_message: "Your message",
  send: "Send",
  attach: "Attach a file",
  remove: "Remove {name}",
  too_large: "Files may have at most 10 MB.",
  messages: "Messages",
  conversation: "Conversation",
  suggestions: "Suggested questions",
  suggested: { one: "{n} suggestion. Press the up arrow to choose.", other: "{n} suggestions. Press the up arrow to choose." },
  you: "You",
  assistant: "Assistant",
  our_team: "Our team",
  team: "{team} team",
  sending: "Sending…",
  not_sent: "Not sent",
  try_again: "Try again",
  edit: "Edit",
  sources: "Sources",
  from_article: "From our help centre",
  from_learned_answer: "Learned from our team",
  passage: "Show the passage",
  typing: "An answer is being written",
  which: "Which of these is it?",
  is_it: "Is it this?",
  or: "Or",
  person: "Talk to a person",
  did_help: "Did that help?",
  helped: "That helped",
  not_helped: "That did not help",
  glad: "Glad that helped!",
  person_will_answer: "A person will answer here.",
  usually: "Usually answers {within}.",
  within_minutes: { one: "within {n} minute", other: "within {n} minutes" },
  within_hours: { one: "within {n} hour", other: "within {n} hours" },
  stays: "You can close this window; the conversation stays.",
  found_it: "Found the answer yourself?",
  how_was: "How was this conversation?",
  rating: "{n} of 5: {word}",
  faces: ["Very bad", "Bad", "Okay", "Good", "Very good"],
  comment: "What could we do better? (optional)",
  send_rating: "Send rating",
  skip: "Skip",
  details: "So that we can help you sooner:",
  optional: "optional",
  thanks: "Thank you for your rating.",
  right_away: "Answers right away",
  person_from: "A person from {team} will answer",
  person_somewhere: "A person will answer",
  talking_with: "You are talking with {agent}",
  person_with_you: "A person is with you",
  ended: "Ended. Write to pick it up again",
  list_bot: "Answered by the assistant",
  list_waiting: "Waiting for a person",
  list_open: "With a person",
  list_closed: "Ended",
  unread: "New",
};
const TRANSLATED = ["de", "es", "id"];
let language = "en";
let catalogue = ENGLISH;

/** Makes `wanted` (a language tag such as `de-AT`) the language of all words, or English where there is no other. */
export async function speak(wanted, server) {
  const short = wanted.toLowerCase().split("-")[0];
  if (short === language) return;
  if (!TRANSLATED.includes(short)) return void ((language = "en"), (catalogue = ENGLISH));
  const response = await fetch(`${server}/messenger/words/${short}.json`, { credentials: "omit" });
  if (!response.ok) return;
  catalogue = await response.json();
  language = short;
}

/** The words of that name, `{n}` and the like filled in; of several forms the one that the number `n` asks for. */
export function t(name, values = {}) {
  let words = catalogue[name] ?? ENGLISH[name];
  if (words.other) words = words[new Intl.PluralRules(language).select(values.n)] ?? words.other;
  return Array.isArray(words) ? words : words.replace(/\{(\w+)\}/g, (_, key) => values[key]);
}

/** Whether English is spoken, built in or for want of another. */
export function isEnglish() {
  return language === "en";
}

/** The language spoken now, for times and numbers. */
export function locale() {
  return isEnglish() ? [] : language;
}
