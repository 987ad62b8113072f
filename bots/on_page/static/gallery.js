// The gallery: every picture somebody has, newest first.

import { $, announce } from "./dom.js";
import { print } from "./talk.js";
import { get } from "./wire.js";

let page = 0;
let loading = false;

export function openGallery() {
  page = 0;
  return load();
}

export function forget(id) {
  $("prints").querySelector(`[data-picture="${CSS.escape(id)}"]`)?.remove();
  $("gallery-empty").hidden = $("prints").childElementCount > 0;
}

$("gallery-more").addEventListener("click", load);

async function load() {
  if (loading) return;
  loading = true;
  try {
    const { pictures, more } = await get(`/gallery?page=${page + 1}`);
    const made = pictures.map((picture) => print(picture));
    if (page === 0) $("prints").replaceChildren(...made);
    else $("prints").append(...made);
    page += 1;
    $("gallery-more").hidden = !more;
    $("gallery-empty").hidden = $("prints").childElementCount > 0;
    if (page > 1) made[0]?.querySelector(".open").focus();
  } catch (error) {
    announce(error.message);
  } finally {
    loading = false;
  }
}
