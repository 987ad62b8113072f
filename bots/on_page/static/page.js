// The page put together: the stream to the conversation, the address to the view.

import "./composer.js";
import { ownAnswers } from "./deeds.js";
import { $, toTheEnd, word } from "./dom.js";
import { whenSent } from "./form.js";
import { forget, openGallery } from "./gallery.js";
import { largeView } from "./large.js";
import { failed, hear, hearProgress, hearState } from "./talk.js";
import { follow, shown } from "./wire.js";

let notice = "";

const on = {
  state({ account, messages }) {
    on.account(account);
    hearState(messages);
    document.body.dataset.ready = "yes";
  },
  message(message, event) {
    hear(message);
    if (message.outcome === undefined) return;
    shown(event);
    if (document.hidden) document.title = `● ${word("title")}`;
    if (inGallery()) openGallery();
  },
  progress: hearProgress,
  account({ state, balance, held }) {
    const active = state === "active";
    $("purse").hidden = !active;
    $("balance").textContent = balance;
    $("held").textContent = held;
    for (const id of ["options", "attach"]) $(id).hidden = !active;
    document.body.dataset.account = state;
    $("field").placeholder = active ? word("hint") : word("hint_new");
    view();
  },
  elsewhere() {
    banner(word("elsewhere"), word("go_on_here"), () => follow(on));
  },
  notice({ text }) {
    notice = text;
    banner(notice);
  },
  lost: () => banner(word("reconnecting")),
  found: () => banner(notice),
};

function banner(text, label = "", pressed = null) {
  $("banner").hidden = !text;
  $("banner-text").textContent = text;
  $("banner-button").hidden = !label;
  $("banner-button").textContent = label;
  $("banner-button").onclick = pressed;
}

const inGallery = () => location.hash === "#gallery" && document.body.dataset.account === "active";

function view() {
  const gallery = inGallery();
  const changed = document.body.dataset.view !== (gallery ? "gallery" : "talk");
  document.body.dataset.view = gallery ? "gallery" : "talk";
  $("gallery").hidden = !gallery;
  $("talk").hidden = $("composer").hidden = gallery;
  $("to-talk").hidden = !gallery;
  $("to-gallery").hidden = gallery || document.body.dataset.account !== "active";
  if (!changed) return;
  if (gallery) {
    openGallery();
    scrollTo({ top: 0 });
    $("gallery-title").focus();
  } else {
    toTheEnd();
    if (document.body.dataset.ready) $("field").focus();
  }
}

addEventListener("hashchange", view);
document.addEventListener("visibilitychange", () => { if (!document.hidden) document.title = word("title"); });
largeView(forget);
whenSent({ own: (update, ours) => ownAnswers.set(update, ours), failed });

if (navigator.cookieEnabled) follow(on);
else banner(word("needs_cookie"));
