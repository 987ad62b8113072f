// Buttons: what each looks like, what is asked before it acts, and what becomes of its answer. Knows no message.

import { $, copy } from "./dom.js";
import { openForm } from "./form.js";
import { newUpdate, press, Refused, submit } from "./wire.js";

const ICONS = new Set(["again", "edit", "save", "delete", "report", "cancel", "imagine"]);
const STRONG = new Set(["agree", "imagine"]);
const MINOR = new Set(["delete", "report", "too_young"]);
const QUIET = new Set(["cancel", "delete", "edit", "models", "report", "save", "styles"]); // who presses these sees what they do

/** Answers that the part of the page which asked shows itself, by their update: told the answer, it says whether it does. */
export const ownAnswers = new Map();

export function deedButton(deed, context) {
  const button = copy("t-deed");
  button.querySelector("span").textContent = deed.label;
  button.dataset.command = deed.command;
  if (ICONS.has(deed.command)) button.querySelector("use").setAttribute("href", `#i-${deed.command}`);
  else button.querySelector("svg").remove();
  button.classList.toggle("strong", STRONG.has(deed.command));
  button.classList.toggle("minor", MINOR.has(deed.command));
  button.addEventListener("click", async () => {
    if (button.ariaDisabled === "true") return;
    button.ariaDisabled = "true";
    try {
      await act(deed, context);
    } finally {
      button.ariaDisabled = null;
    }
  });
  return button;
}

/** `context`: the picture it is about, `ours` as in ownAnswers, `failed` told why nothing came of it, `done` the answer. */
async function act(deed, { picture = null, ours = () => false, failed, done = () => {}, echo = () => {} }) {
  let { fields, token } = deed;
  if (deed.command === "delete" && !(await sure(deed.label))) return;
  if (deed.command === "report") {
    const reason = await reported();
    if (reason === null) return;
    [fields, token] = [{ id: picture.id, reason }, null];
  }
  const update = newUpdate();
  const label = QUIET.has(deed.command) ? "" : deed.label;
  if (label) echo(update, label);
  ownAnswers.set(update, (answer) => ours(answer) || Boolean(answer.form));
  try {
    const answer = await (token ? press(update, token, label) : submit(update, deed.command, fields, label));
    for (const file of answer.files) download(file);
    if (answer.form) openForm(answer.form, { said: answer.text.join("\n"), changed: deed.command === "edit" });
    done(answer);
  } catch (error) {
    failed(error instanceof Refused ? error.message : null);
  } finally {
    setTimeout(() => ownAnswers.delete(update), 60_000);
  }
}

export function download(file) {
  const link = document.createElement("a");
  link.href = file.address;
  link.download = file.name;
  link.click();
}

function sure(label) {
  $("sure-yes").textContent = label;
  return asked($("sure"), () => true, false);
}

function reported() {
  $("report-why").value = "";
  return asked($("report"), () => $("report-why").value, null);
}

function asked(dialog, yes, no) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes" ? yes() : no), { once: true });
  });
}
