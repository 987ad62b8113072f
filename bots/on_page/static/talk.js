// The conversation: what was said, and each request as one message that lives from its place in line to its pictures.

import { deedButton, ownAnswers } from "./deeds.js";
import { $, announce, atTheEnd, copy, paragraph, toTheEnd, word } from "./dom.js";

const WHOLE = new Set(["again", "edit"]); // what one can do with a request, however many pictures it has

const requests = new Map(); // by job
const answered = new Set(); // updates whose answer stands here already
const echoes = new Set(); // updates whose words stand here already

/** What somebody says here and now; other tabs learn it from the answer. */
export function echo(update, text) {
  if (!text || echoes.has(update)) return null;
  if (update) echoes.add(update);
  const mine = copy("t-mine");
  mine.querySelector(".bubble").textContent = text;
  $("messages").append(mine);
  toTheEnd();
  return mine;
}

/** Where things stand: everything on a new page, what is missing on one that was away. */
export function hearState(messages) {
  const empty = !$("messages").childElementCount;
  for (const message of messages) {
    const known = requests.get(message.job);
    if (!known && (message.job || empty)) echo(null, message.said);
    if (message.job) remember(message);
    else if (empty) greet(message);
  }
  const current = new Set(messages.map((message) => message.job));
  for (const [job, request] of requests) {
    if (request.open && !current.has(job)) finish(request, [word("ended")]);
  }
  if (empty) toTheEnd();
}

/** Something was said to us: an answer, or what came of a request. */
export function hear(message) {
  if (answered.has(message.update) || ownAnswers.get(message.update)?.(message)) return;
  if (message.update) answered.add(message.update);
  const follow = atTheEnd() || echoes.has(message.update);
  if (message.update) echo(message.update, message.said);
  if (message.outcome !== undefined) comeOut(message);
  else if (message.replaces && requests.has(message.job)) replace(message);
  else if (message.job && !message.final) accept(message);
  else reply(message);
  if (!follow) return;
  toTheEnd();
  const newest = $("messages").lastElementChild;
  const long = newest.offsetHeight > innerHeight * 0.7 && !newest.classList.contains("request");
  if (long) newest.scrollIntoView({ block: "start" });
}

/** How far a request is. */
export function hearProgress(progress) {
  const request = requests.get(progress.job);
  if (!request?.open) return;
  const follow = atTheEnd();
  request.ratio = progress.width / progress.height;
  for (let index = 0; index < progress.count; index++) if (!request.tiles.has(index)) blank(request, index);
  const at = request.part(".progress");
  at.hidden = false;
  at.querySelector(".now").textContent = progress.text;
  at.querySelector(".left").textContent = progress.left;
  const bar = at.querySelector("progress");
  if (progress.share === null) bar.removeAttribute("value");
  else bar.value = progress.share;
  if (progress.preview) preview(request.tiles.get(progress.index), progress.preview);
  if (follow) toTheEnd();
}

/** Something went wrong before anybody answered. */
export function failed(text) {
  reply({ text: [text ?? word("reconnecting")], notes: [], pictures: [], files: [], buttons: [], error: "unavailable", job: null });
  toTheEnd();
}

function greet(message) {
  const made = reply(message);
  made.classList.add("greeting");
  made.prepend(copy("t-hello"));
}

function reply(message) {
  const made = theirs(message);
  for (const picture of message.pictures) tray(made).append(print(picture));
  deeds(made, message.buttons, message.pictures.length === 1 ? message.pictures[0] : null);
  for (const file of message.files) takeaway(made, file);
  announce(message.text.join(" "));
  return made;
}

function theirs(message) {
  const made = copy("t-theirs");
  const told = [...message.text, ...message.notes].map((text) => paragraph(text));
  made.querySelector(".words").replaceChildren(...told);
  made.classList.toggle("error", Boolean(message.error));
  $("messages").append(made);
  return made;
}

function accept(message) {
  const request = requests.get(message.job) ?? begin(message);
  if (!request.open) return;
  deeds(request.element, message.buttons);
  announce(message.text.join(" "));
}

function begin(message) {
  const element = theirs(message);
  element.classList.add("request");
  const request = {
    element, open: true, tiles: new Map(), failures: new Map(), notes: message.notes, ratio: 1,
    part: (selector) => element.querySelector(selector),
  };
  requests.set(message.job, request);
  return request;
}

function remember(message) {
  const request = requests.get(message.job) ?? begin(message);
  if (message.progress) {
    request.open = true;
    hearProgress(message.progress);
    deeds(request.element, message.buttons);
  }
  for (const picture of message.pictures) put(request, picture);
  if (message.final) finish(request);
}

function comeOut(message) {
  const request = requests.get(message.job) ?? begin({ ...message, text: [] });
  for (const picture of message.pictures) {
    put(request, picture);
    announce(`${word("ready")} ${picture.text}`);
  }
  if (!message.pictures.length) {
    request.failures.set(message.outcome, message.text.join(" "));
    for (const index of message.outcome.split("/")) drop(request, Number(index));
    announce(message.text.join(" "));
  }
  if (message.final) finish(request);
  else words(request);
}

/** It is over: what came of it stays, and what can be done with it. */
function finish(request, said = []) {
  const held = request.element.contains(document.activeElement);
  request.open = false;
  for (const [index, tile] of request.tiles) if (!tile.dataset.picture) drop(request, index);
  request.part(".progress").hidden = true;
  words(request, said);
  settle(request);
  if (held) (request.part(".open") ?? $("field")).focus();
}

/** The buttons of one picture stand under it; those of several are in its large view, and here what is about them all. */
function settle(request) {
  const pictures = [...request.tiles.values()].map((tile) => tile.picture);
  request.part(".tray").hidden = !request.tiles.size;
  if (!pictures.length) return deeds(request.element, []);
  const [first] = pictures;
  const whole = first.buttons.filter((button) => WHOLE.has(button.command));
  return deeds(request.element, pictures.length === 1 ? first.buttons : whole, first);
}

/** Instead of what stood here: of one picture, or of the whole request. */
function replace(message) {
  const request = requests.get(message.job);
  request.notes = [];
  announce(message.text.join(" "));
  if (message.index === null) {
    request.failures.clear();
    finish(request, message.text);
    return;
  }
  drop(request, message.index);
  words(request, message.text);
  if (!request.open) settle(request);
}

function words(request, said = []) {
  const failures = [...request.failures.values()].map((text) => paragraph(text, "failure"));
  const told = [...request.notes, ...said].map((text) => paragraph(text));
  request.part(".words").replaceChildren(...told, ...failures);
}

// Pictures

function put(request, picture) {
  const before = request.tiles.get(picture.index);
  if (before?.dataset.picture === picture.id) return;
  if (picture.width) request.ratio = picture.width / picture.height;
  const made = print(picture);
  made.picture = picture;
  place(request, picture.index, made);
  const dim = before?.querySelector("img");
  if (dim) {
    dim.className = "under";
    made.querySelector(".open").prepend(dim);
    setTimeout(() => dim.remove(), 1500);
  }
}

function blank(request, index) {
  place(request, index, copy("t-blank"));
}

function place(request, index, tile) {
  tile.style.setProperty("--ratio", request.ratio);
  const before = request.tiles.get(index);
  if (before) before.replaceWith(tile);
  else {
    const later = [...request.tiles.keys()].filter((one) => one > index).sort((a, b) => a - b)[0];
    tray(request.element).insertBefore(tile, request.tiles.get(later) ?? null);
  }
  request.tiles.set(index, tile);
  count(request);
}

function drop(request, index) {
  request.tiles.get(index)?.remove();
  request.tiles.delete(index);
  count(request);
}

function count(request) {
  request.element.classList.toggle("one", request.tiles.size === 1);
  request.element.classList.toggle("three", request.tiles.size === 3);
}

function preview(tile, address) {
  const box = tile?.querySelector(".developing");
  if (!box || box.dataset.address === address) return;
  box.dataset.address = address;
  const next = Object.assign(document.createElement("img"), { alt: "", className: "preview" });
  next.onload = () => { box.append(next); while (box.children.length > 2) box.firstChild.remove(); };
  next.src = address;
}

export function print(picture) {
  const made = copy("t-print");
  const [open, image, caption] = [made.querySelector(".open"), made.querySelector("img"), made.querySelector(".caption")];
  made.dataset.picture = open.dataset.id = picture.id;
  image.alt = picture.prompt ? `${picture.name}: ${picture.prompt}` : picture.name;
  open.setAttribute("aria-label", `${image.alt}. ${word("open_large")}`);
  caption.textContent = picture.text || picture.prompt || "";
  caption.hidden = !caption.textContent;
  if (picture.width) made.style.setProperty("--ratio", picture.width / picture.height);
  image.onload = () => image.classList.add("shown");
  image.src = picture.address;
  return made;
}

function tray(element) {
  const found = element.querySelector(".tray");
  found.hidden = false;
  return found;
}

function deeds(element, buttons, picture = null) {
  const row = element.querySelector(".deeds");
  row.replaceChildren(...buttons.map((deed) => deedButton(deed, { picture, failed, echo })));
  row.hidden = !buttons.length;
}

function takeaway(element, file) {
  const made = copy("t-takeaway");
  Object.assign(made.querySelector("a"), { href: file.address, download: file.name });
  made.querySelector("span").textContent = file.name;
  element.querySelector(".takeaways").append(made);
  element.querySelector(".takeaways").hidden = false;
}
