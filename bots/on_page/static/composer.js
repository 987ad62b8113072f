// Where people write: one field that grows, a file to check, what they wrote before.

import { $, announce, copy, word } from "./dom.js";
import { carry, openForm } from "./form.js";
import { echo } from "./talk.js";
import { newUpdate, Refused, say } from "./wire.js";

const REMEMBERED = 50;

const field = $("field");
const written = []; // oldest first
let at = 0; // which of them stands in the field; one past the end is a new one
let draft = "";
let file = null;

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const line = field.value.trim() || (file ? "/verify" : "");
  if (!line) return;
  written.push(line);
  if (written.length > REMEMBERED) written.shift();
  at = written.length;
  const taken = file;
  write("");
  attach(null);
  send(newUpdate(), line, taken, echoed(line, taken));
});

field.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    $("composer").requestSubmit();
  } else if (event.key === "ArrowUp" && at > 0 && (field.selectionEnd === 0 || field.value === written[at])) {
    event.preventDefault();
    recall(at - 1);
  } else if (event.key === "ArrowDown" && at < written.length && field.value === written[at]) {
    event.preventDefault();
    recall(at + 1);
  }
});

field.addEventListener("input", grow);

$("options").addEventListener("click", async () => {
  const words = field.value.startsWith("/") ? field.value.replace(/^\/imagine\s*/, "") : field.value;
  await openForm({ command: "imagine", values: { prompt: words.startsWith("/") ? "" : words } });
  if (file && carry(file)) attach(null);
});

$("attach").addEventListener("click", () => $("file").click());
$("detach").addEventListener("click", () => { attach(null); field.focus(); });
$("file").addEventListener("change", () => { attach($("file").files[0] ?? null); $("file").value = ""; field.focus(); });

for (const name of ["dragover", "drop"]) {
  addEventListener(name, (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    const dropped = name === "drop" ? event.dataTransfer.files[0] : null;
    if (dropped && $("form").open) carry(dropped);
    else if (dropped && !$("attach").hidden) attach(dropped);
  });
}

function attach(chosen) {
  if (chosen && chosen.size > Number(document.body.dataset.mostBytes)) {
    announce(word("file_too_large"));
    $("attached-name").textContent = word("file_too_large");
    $("attached").hidden = false;
    file = null;
    return;
  }
  file = chosen;
  $("attached").hidden = !chosen;
  $("attached-name").textContent = chosen ? chosen.name : "";
}

function echoed(line, taken) {
  return (update) => echo(update, taken ? `${line} (${taken.name})` : line);
}

async function send(update, line, taken, show) {
  const mine = show(update);
  try {
    const { form, text } = await say(update, line, taken);
    if (form) openForm(form, { said: text.join("\n"), changed: line.startsWith("/edit") });
  } catch (error) {
    unsent(mine, error, () => send(update, line, taken, () => mine));
  }
}

function unsent(mine, error, again) {
  const note = copy("t-unsent");
  if (error instanceof Refused) note.querySelector("span").textContent = error.message;
  note.querySelector("button").addEventListener("click", () => { note.remove(); again(); });
  mine?.append(note);
}

function recall(index) {
  if (at === written.length) draft = field.value;
  at = index;
  write(at === written.length ? draft : written[at]);
  field.setSelectionRange(field.value.length, field.value.length);
}

function write(text) {
  field.value = text;
  grow();
}

function grow() {
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight, innerHeight * 0.4)}px`;
}
