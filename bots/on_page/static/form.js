// The form of a command, built from its declaration: opened empty, with words typed so far, or filled by Edit.

import { $, copy, word } from "./dom.js";
import { get, newUpdate, Refused, submit } from "./wire.js";

const FEW = 8; // numbers that may stand side by side

let command = "";
let fields = [];
let asking = 0;
let sending = { own: () => {}, echo: () => {} };

export function whenSent(callbacks) {
  sending = callbacks;
}

/** `filled` is a Reply's form; `said` what was said about it. */
export async function openForm(filled, said = "") {
  let described;
  try {
    described = await get(`/form/${filled.command}`);
  } catch (error) {
    sending.failed(error instanceof Refused ? error.message : null);
    return;
  }
  command = described.command;
  fields = described.fields.map(build);
  const few = (field) => field.kind !== "number" || isFew(field);
  $("form-main").replaceChildren(...fields.filter((one) => few(one.field)).map((one) => one.element));
  $("form-rest").replaceChildren(...fields.filter((one) => !few(one.field)).map((one) => one.element));
  for (const { field, write } of fields) write(filled.values[field.name] ?? field.usual);
  $("form-title").textContent = said ? word("form_changed") : word("form_new");
  $("form-more").open = fields.some(({ field }) => field.name === "seed" && filled.values.seed != null);
  trouble("");
  showPrice();
  $("form").showModal();
  $("form-main").querySelector("textarea")?.focus();
}

$("form-fields").addEventListener("submit", async (event) => {
  event.preventDefault();
  if ($("form-send").ariaDisabled === "true") return;
  const values = Object.fromEntries(fields.map(({ field, read }) => [field.name, read()]));
  const update = newUpdate();
  $("form-send").ariaDisabled = "true";
  sending.own(update, (answer) => answer.error !== null);
  try {
    const words = fields.find(({ field }) => field.main)?.read() ?? "";
    const answer = await submit(update, command, values, words);
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

$("form-fields").addEventListener("input", showPrice);
$("form-more").addEventListener("toggle", () => {
  if ($("form-more").open && $("form").open) $("form-more").scrollIntoView({ block: "nearest" });
});

function trouble(text) {
  $("form-trouble").textContent = text;
  $("form-trouble").hidden = !text;
  if (text) $("form-trouble").scrollIntoView({ block: "nearest" });
}

function showPrice() {
  clearTimeout(asking);
  asking = setTimeout(async () => {
    const chosen = Object.fromEntries(fields.map(({ field, read }) => [field.name, read()]));
    if (!("steps" in chosen && "count" in chosen)) return;
    try {
      const { price } = await get(`/price?steps=${chosen.steps ?? 0}&count=${chosen.count ?? 1}`);
      $("form-price").textContent = price;
    } catch {
      $("form-price").textContent = "";
    }
  }, 120);
}

const isFew = (field) => field.whole && field.low !== null && field.high - field.low < FEW;

function build(field) {
  if (field.kind === "choice") return choices(field, field.choices);
  if (field.kind === "number" && isFew(field)) {
    const numbers = Array.from({ length: field.high - field.low + 1 }, (_, index) => String(field.low + index));
    const made = choices({ ...field, usual: field.usual ?? field.low }, numbers);
    return { ...made, field: { ...field, usual: field.usual ?? field.low } };
  }
  if (field.kind === "switch") return single(field, "input", { type: "checkbox", className: "switch" });
  if (field.kind === "number" && field.usual !== null && field.low !== null) return slider(field);
  if (field.kind === "number") {
    const limits = { type: "number", min: field.low ?? "", max: field.high ?? "", step: field.whole ? 1 : "any" };
    return single(field, "input", { ...limits, placeholder: word("form_free") });
  }
  return field.main ? single(field, "textarea", { rows: 3 }) : single(field, "input", { type: "text" });
}

function single(field, tag, properties) {
  const element = copy("t-field");
  const input = Object.assign(document.createElement(tag), properties);
  const id = `field-${field.name}`;
  input.id = id;
  input.name = field.name;
  label(element.querySelector("label"), element.querySelector(".help"), field);
  element.querySelector("label").htmlFor = id;
  input.setAttribute("aria-describedby", `${id}-help`);
  if (input.type === "checkbox") element.classList.add("in-line");
  element.append(input);
  const on = input.type === "checkbox";
  return {
    field,
    element,
    write: (value) => { on ? (input.checked = Boolean(value)) : (input.value = value ?? ""); },
    read: () => (on ? input.checked : input.type === "number" ? number(input.value) : input.value.trim()),
  };
}

function slider(field) {
  const step = field.whole ? 1 : 0.5;
  const made = single(field, "input", { type: "range", min: field.low, max: field.high, step });
  const shown = document.createElement("output");
  const input = made.element.querySelector("input");
  const show = () => { shown.textContent = input.value; };
  shown.htmlFor = input.id;
  input.addEventListener("input", show);
  made.element.querySelector("label").append(" ", shown);
  return { ...made, write: (value) => { made.write(value); show(); }, read: () => number(input.value) };
}

function choices(field, values) {
  const element = copy("t-choice");
  label(element.querySelector("legend"), element.querySelector(".help"), field);
  const radios = values.map((value) => {
    const one = copy("t-option");
    const radio = one.querySelector("input");
    Object.assign(radio, { name: `field-${field.name}`, value });
    one.querySelector("span").textContent = value;
    one.dataset.value = value;
    element.querySelector(".choices").append(one);
    return radio;
  });
  return {
    field,
    element,
    write: (value) => { for (const radio of radios) radio.checked = radio.value === String(value); },
    read: () => radios.find((radio) => radio.checked)?.value ?? null,
  };
}

function label(name, help, field) {
  name.textContent = field.name;
  help.textContent = field.help;
  help.id = `field-${field.name}-help`;
}

const number = (text) => (text === "" ? null : Number(text));
