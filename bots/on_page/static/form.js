// The form of a command, built from its declaration: opened empty, with words typed so far, or filled by a reply.

import { $, word } from "./dom.js";
import { build, isFew } from "./fields.js";
import { get, newUpdate, Refused, submit } from "./wire.js";

let command = "";
let fields = [];
let asking = 0;
let sending = { own: () => {}, failed: () => {} };

export function whenSent(callbacks) {
  sending = callbacks;
}

/** `filled` is a Reply's form; `said` what is to be read with it, `changed` whether it is a request of before. */
export async function openForm(filled, { said = "", changed = false } = {}) {
  if (!(await describe(filled.command, filled.values.model ?? ""))) return;
  for (const { field, write } of fields) write(filled.values[field.name] ?? field.usual);
  $("form-title").textContent = word(changed ? "form_changed" : "form_new");
  $("form-said").textContent = said;
  $("form-said").hidden = !said;
  $("form-more").open = fields.some(({ field }) => field.name === "seed" && filled.values.seed != null);
  trouble("");
  show(filled.missing);
  $("form").showModal();
  $("form-main").querySelector("textarea")?.focus();
}

/** False when it can't be found out. */
async function describe(name, model) {
  let described;
  try {
    described = await get(`/form/${name}?model=${encodeURIComponent(model)}`);
  } catch (error) {
    sending.failed(error instanceof Refused ? error.message : null);
    return false;
  }
  command = described.command;
  fields = described.fields.map(build);
  const first = ({ field }) => field.kind !== "number" || isFew(field) || field.beside;
  $("form-main").replaceChildren(...fields.filter(first).map((one) => one.element));
  $("form-rest").replaceChildren(...fields.filter((one) => !first(one)).map((one) => one.element));
  return true;
}

/** Another model has other fields; what stands in those it has too stays, but for what each model sets itself. */
async function remodel(model) {
  const before = new Map(fields.map(({ field, read }) => [field.name, read()]));
  const file = fields.find((one) => one.file)?.file();
  if (!(await describe(command, model))) return;
  for (const { field, write } of fields) {
    write(field.of_model || field.kind === "model" ? field.usual : (before.get(field.name) ?? field.usual));
  }
  if (file) carry(file);
  show();
  fields.find(({ field }) => field.kind === "model")?.element.querySelector("select").focus();
}

/** Put a file where the form takes one; false where it takes none. */
export function carry(file) {
  const input = document.querySelector("#form[open] input[type=file]");
  if (!input) return false;
  const carried = new DataTransfer();
  carried.items.add(file);
  input.files = carried.files;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  return true;
}

$("form-fields").addEventListener("submit", async (event) => {
  event.preventDefault();
  if ($("form-send").ariaDisabled === "true") return;
  const update = newUpdate();
  $("form-send").ariaDisabled = "true";
  sending.own(update, (answer) => answer.error !== null);
  try {
    const words = fields.find(({ field }) => field.main)?.read() ?? "";
    const answer = await submit(update, command, values(), words, attached());
    if (answer.error) trouble(answer.text.join(" "));
    else $("form").close();
  } catch (error) {
    trouble(error instanceof Refused ? error.message : word("not_sent"));
  } finally {
    $("form-send").ariaDisabled = null;
  }
});

$("form-fields").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.target.tagName !== "TEXTAREA") return;
  event.preventDefault();
  $("form-fields").requestSubmit();
});

$("form-fields").addEventListener("input", (event) => {
  if (event.target.name === "model") remodel(event.target.value);
  else show();
});
$("form-more").addEventListener("toggle", () => {
  if ($("form-more").open && $("form").open) $("form-more").scrollIntoView({ block: "nearest" });
});

const attached = () => fields.find((one) => one.file)?.file() ?? null;

/** What says nothing without a file is not sent without one. */
function values() {
  return Object.fromEntries(fields.map(({ field, read }) => [field.name, field.beside && !attached() ? null : read()]));
}

/** What belongs to a file is shown with it; `missing` is a file that was there and must be chosen anew. */
function show(missing = "") {
  for (const { field, element } of fields) {
    if (field.beside) element.hidden = !attached();
    element.classList.toggle("missing", field.name === missing);
  }
  showPrice();
}

function trouble(text) {
  $("form-trouble").textContent = text;
  $("form-trouble").hidden = !text;
  if (text) $("form-trouble").scrollIntoView({ block: "nearest" });
}

function showPrice() {
  clearTimeout(asking);
  asking = setTimeout(async () => {
    const chosen = values();
    if (!("steps" in chosen && "count" in chosen)) return;
    try {
      const of = new URLSearchParams({ model: chosen.model ?? "", steps: chosen.steps ?? 0, count: chosen.count ?? 1 });
      const { price } = await get(`/price?${of}`);
      $("form-price").textContent = price;
    } catch {
      $("form-price").textContent = "";
    }
  }, 120);
}
