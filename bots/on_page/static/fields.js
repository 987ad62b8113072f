// One field of a form: how it is shown, what stands in it, what is read from it. Knows no command.

import { copy, word } from "./dom.js";

const FEW = 8; // numbers that may stand side by side

export const isFew = (field) => field.whole && field.low !== null && field.high - field.low < FEW;

/** `{ field, element, write, read }`; a file is not read but `file()` gives it. */
export function build(field) {
  switch (field.kind) {
    case "choice": return choices(field, field.choices);
    case "switch": return single(field, "input", { type: "checkbox", className: "switch" });
    case "model":
    case "name": return select(field);
    case "adapter": return adapter(field);
    case "file": return upload(field);
    case "number": return number(field);
    default: return field.main ? single(field, "textarea", { rows: 3 }) : single(field, "input", { type: "text" });
  }
}

function number(field) {
  if (isFew(field)) {
    const values = Array.from({ length: field.high - field.low + 1 }, (_, index) => String(field.low + index));
    const usual = { ...field, usual: field.usual ?? field.low };
    return choices(usual, values.map((value) => ({ label: value, value })));
  }
  if (field.usual !== null && field.low !== null) return slider(field);
  const limits = { type: "number", min: field.low ?? "", max: field.high ?? "", step: field.whole ? 1 : "any" };
  return single(field, "input", { ...limits, placeholder: word("form_free") });
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
    read: () => (on ? input.checked : input.type === "number" ? figure(input.value) : input.value.trim()),
  };
}

function slider(field) {
  if (field.low === field.high) return { field, element: document.createElement("div"), write: () => {}, read: () => null };
  const step = field.whole ? 1 : field.high - field.low > 2 ? 0.5 : 0.05;
  const made = single(field, "input", { type: "range", min: field.low, max: field.high, step });
  const shown = document.createElement("output");
  const input = made.element.querySelector("input");
  const show = () => { shown.textContent = input.value; };
  shown.htmlFor = input.id;
  input.addEventListener("input", show);
  made.element.querySelector("label").append(" ", shown);
  return { ...made, write: (value) => { made.write(value); show(); }, read: () => figure(input.value) };
}

function select(field, first = []) {
  const made = single(field, "select", {});
  const input = made.element.querySelector("select");
  for (const choice of [...first, ...field.choices]) input.append(new Option(choice.label, choice.value));
  const known = (value) => [...input.options].some((option) => option.value === value);
  return { ...made, write: (value) => { input.value = known(value ?? "") ? (value ?? "") : field.usual; } };
}

/** A name, and beside it how strongly it is meant: `name` or `name:strength`. */
function adapter(field) {
  const made = select(field, [{ label: word("form_none"), value: "" }]);
  const weight = Object.assign(document.createElement("input"), { type: "number", min: -2, max: 2, step: 0.1, value: 1 });
  const input = made.element.querySelector("select");
  const show = () => { weight.hidden = !input.value; };
  weight.ariaLabel = weight.title = word("form_weight");
  input.addEventListener("input", show);
  made.element.append(weight);
  made.element.classList.add("weighed");
  return {
    ...made,
    write: (value) => {
      const [, name, strength] = /^(.*?)(?::([^:]*))?$/.exec(value ?? "");
      made.write(name);
      weight.value = strength ?? 1;
      show();
    },
    read: () => (input.value && weight.value !== "" && Number(weight.value) !== 1 ? `${input.value}:${weight.value}` : input.value),
  };
}

function upload(field) {
  const made = single(field, "input", { type: "file", accept: "image/png,image/jpeg,image/webp" });
  const input = made.element.querySelector("input");
  const none = Object.assign(document.createElement("button"), { type: "button", className: "pill", textContent: word("form_no_file") });
  const show = () => { none.hidden = !input.files.length; };
  none.addEventListener("click", () => { input.value = ""; input.dispatchEvent(new Event("input", { bubbles: true })); });
  input.addEventListener("input", show);
  made.element.append(none);
  return { ...made, write: () => { input.value = ""; show(); }, read: () => null, file: () => input.files[0] ?? null };
}

function choices(field, values) {
  const element = copy("t-choice");
  label(element.querySelector("legend"), element.querySelector(".help"), field);
  const radios = values.map(({ label: shown, value }) => {
    const one = copy("t-option");
    const radio = one.querySelector("input");
    Object.assign(radio, { name: `field-${field.name}`, value });
    one.querySelector("span").textContent = shown;
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

const figure = (text) => (text === "" ? null : Number(text));
