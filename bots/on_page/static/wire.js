// What goes between the page and its server: one stream of events in, submissions out. Knows no element.

const TRIES = [500, 1000, 2000, 4000, 8000]; // milliseconds before a submission is tried again
const PATIENCE = 1500; // before a lost stream is worth a word

export class Refused extends Error {}

let stream = null;
let last = "";
let silence = 0;
let heard = () => {};

/** Follow the stream; `on` has one function an event, and `lost` and `found` for the stream itself. */
export function follow(on) {
  heard = on.message;
  stream?.close();
  stream = new EventSource(last ? `/events?since=${encodeURIComponent(last)}` : "/events");
  for (const name of ["state", "message", "progress", "account", "notice"]) {
    stream.addEventListener(name, (event) => {
      last = event.lastEventId || last;
      on[name](JSON.parse(event.data), event.lastEventId);
    });
  }
  stream.addEventListener("elsewhere", () => { stream.close(); on.elsewhere(); });
  stream.onopen = () => { clearTimeout(silence); silence = 0; on.found(); };
  stream.onerror = () => {
    silence ||= setTimeout(on.lost, PATIENCE);
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => follow(on), 2000);
  };
}

/** Say that the page shows an event; otherwise it is told again. */
export function shown(event) {
  post("/shown", { event }).catch(() => {});
}

export function newUpdate() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A line that was typed, perhaps with a file. Sending the same update again is the same request.
    The answer comes by the stream, and with the response of its request, for when the stream is cut in between. */
export function say(update, line, file) {
  return ask("/say", file ? withFile({ update, line }, file) : { update, line });
}

export const press = (update, token, label) => ask("/press", { update, token, label });

/** A filled form, perhaps with a file. */
export function submit(update, command, values, label, file = null) {
  const fields = { update, command, label };
  return ask("/form", file ? withFile({ ...fields, values: JSON.stringify(values) }, file) : { ...fields, values });
}

/** Texts first: the server reads no further than the file. */
function withFile(texts, file) {
  const parts = new FormData();
  for (const [name, text] of Object.entries(texts)) parts.append(name, text);
  parts.append("file", file);
  return parts;
}

export async function get(address) {
  const response = await fetch(address);
  const answer = await response.json();
  if (!response.ok) throw new Refused(answer.error);
  return answer;
}

async function ask(address, body) {
  const answer = await post(address, body);
  heard(answer);
  return answer;
}

async function post(address, body) {
  const json = !(body instanceof FormData);
  const request = {
    method: "POST",
    body: json ? JSON.stringify(body) : body,
    headers: json ? { "Content-Type": "application/json" } : {},
  };
  for (const pause of [...TRIES, null]) {
    try {
      const response = await fetch(address, request);
      if (response.status === 204) return null;
      const answer = await response.json();
      if (response.ok) return answer;
      if (response.status !== 503 || pause === null) throw new Refused(answer.error);
    } catch (error) {
      if (error instanceof Refused || pause === null) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
