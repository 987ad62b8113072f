// One picture, large: its details, its buttons, and its neighbours by the arrow keys.

import { deedButton } from "./deeds.js";
import { $, announce, word } from "./dom.js";
import { get, Refused } from "./wire.js";

const LARGEST = 6; // how much a small picture is enlarged at most

let neighbours = [];
let at = 0;
let whenGone = () => {};

/** `gone` is told of a picture that was deleted here. */
export function largeView(gone) {
  whenGone = gone;
}

document.addEventListener("click", (event) => {
  const open = event.target.closest?.(".open[data-id]");
  if (!open) return;
  neighbours = [...open.closest("section").querySelectorAll(".open[data-id]")].map((one) => one.dataset.id);
  $("large").showModal();
  show(neighbours.indexOf(open.dataset.id));
});

$("large").addEventListener("keydown", (event) => {
  if (event.key === "ArrowLeft") turn(-1);
  else if (event.key === "ArrowRight") turn(1);
});
$("large-previous").addEventListener("click", () => turn(-1));
$("large-next").addEventListener("click", () => turn(1));
$("large").addEventListener("click", (event) => {
  if (event.target === $("large") || event.target.tagName === "FIGURE") $("large").close();
});
$("large").addEventListener("close", () => $("large-picture").removeAttribute("src"));

function turn(by) {
  const next = at + by;
  if (next >= 0 && next < neighbours.length) show(next);
}

async function show(index) {
  at = index;
  const id = neighbours[index];
  $("large-said").textContent = "";
  $("large-previous").disabled = index === 0;
  $("large-next").disabled = index === neighbours.length - 1;
  try {
    const picture = await get(`/pictures/${id}/details`);
    if (neighbours[at] === id) fill(picture);
  } catch (error) {
    $("large").close();
    if (error instanceof Refused) announce(error.message);
  }
}

function fill(picture) {
  const image = $("large-picture");
  image.src = picture.address;
  image.alt = `${picture.name}: ${picture.prompt}`;
  image.style.setProperty("--ratio", picture.width / picture.height);
  image.style.setProperty("--largest", `${picture.width * LARGEST}px`);
  $("large-words").textContent = picture.prompt;
  $("large-negative").textContent = picture.negative;
  $("large-without").hidden = !picture.negative;
  for (const fact of document.querySelectorAll("[data-fact]")) {
    fact.textContent = picture.facts[fact.dataset.fact];
    fact.parentElement.hidden = !fact.textContent;
  }
  const context = { picture, ours, failed: say, done: (answer) => done(picture, answer) };
  $("large-deeds").replaceChildren(...picture.buttons.map((deed) => deedButton(deed, context)));
  announce(picture.text);
}

/** What is said here about this picture is not said in the conversation too. */
const ours = (answer) => Boolean(answer.error || answer.files.length || !(answer.job || answer.form));

function done(picture, answer) {
  if (answer.error || answer.files.length || !(answer.job || answer.form)) return say(answer.text.join(" "));
  if (!answer.replaces) {
    $("large").close();
    if (!answer.form) location.hash = "";
    return undefined;
  }
  whenGone(picture.id);
  neighbours.splice(neighbours.indexOf(picture.id), 1);
  return neighbours.length ? show(Math.min(at, neighbours.length - 1)) : $("large").close();
}

function say(text) {
  $("large-said").textContent = text ?? word("reconnecting");
}
