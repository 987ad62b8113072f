// Elements by id, copies of templates, words of the page. Text only ever enters as textContent.

export const $ = (id) => document.getElementById(id);

const said = Object.fromEntries([...$("words").children].map((one) => [one.dataset.word, one.textContent]));

export const word = (name) => said[name];

export const copy = (template) => $(template).content.firstElementChild.cloneNode(true);

/** Read out by a screen reader when it is done with what it reads now. */
export function announce(text) {
  $("announce").textContent = "";
  setTimeout(() => { $("announce").textContent = text.slice(0, 400); }, 50);
}

export function paragraph(text, kind = "") {
  const made = document.createElement("p");
  made.textContent = text;
  made.className = kind;
  return made;
}

/** Keep what is being read where it is; follow the end only where somebody reads the end. */
export function atTheEnd() {
  const page = document.documentElement;
  return page.scrollHeight - page.scrollTop - page.clientHeight < 160;
}

export function toTheEnd() {
  scrollTo({ top: document.documentElement.scrollHeight });
}

for (const closing of document.querySelectorAll("[data-close]")) {
  closing.addEventListener("click", () => closing.closest("dialog").close());
}
