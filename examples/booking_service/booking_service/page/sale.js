// Choosing, holding, paying. What is shown is what the service said last; what counts is what it answers.

import { House, named } from "./house.js";

const LOOKS_EVERY = 500; // milliseconds
const SOON = 30; // seconds
const $ = (id) => document.getElementById(id);
const KEPT = "ticketctl-example-hold";

// 32 digits; unlike randomUUID it is there on pages that come without TLS, too.
const newId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

const user = localStorage.getItem("ticketctl-example-user") ?? `guest-${newId().slice(0, 12)}`;
localStorage.setItem("ticketctl-example-user", user);

let event = null;
let currency = "";
let most = 4;
let ids = [];
let letters = "";
let hold = null; // what the service said of it, and when it ends by this machine's clock
let busy = false;
const chosen = new Set();

const house = new House($("house"), toggle, (seat) => ($("here").textContent = `${named(seat)}: ${seat.price} ${currency}`));

let fading = 0;

function say(text, kind = "") {
  clearTimeout(fading);
  if (kind === "good") fading = setTimeout(() => ($("message").hidden = true), 5000);
  $("message").textContent = text;
  $("message").className = kind;
  $("message").hidden = !text;
}

async function ask(method, path, body, headers = {}) {
  const options = { method, headers, cache: "no-cache" };
  if (body) {
    options.body = JSON.stringify(body);
    headers["Content-Type"] = "application/json";
  }
  const answer = await fetch(path, options);
  return { status: answer.status, ok: answer.ok, ...(await answer.json().catch(() => ({}))) };
}

// --- what is shown

const mine = () => new Set(hold ? hold.seats : chosen);
const seatsOf = (numbers) => numbers.map((id) => house.byId.get(id)).filter(Boolean);
const sum = (seats) => seats.reduce((cents, seat) => cents + Math.round(Number(seat.price) * 100), 0) / 100;

function render() {
  const seats = seatsOf([...mine()]);
  $("chosen-seats").replaceChildren(
    ...seats.map((seat) => {
      const item = document.createElement("li");
      item.append(Object.assign(document.createElement("span"), { textContent: named(seat) }), seat.price);
      return item;
    }),
  );
  const booked = hold?.status === "CONFIRMED";
  $("none").hidden = seats.length > 0;
  $("sum").hidden = !seats.length;
  $("sum").replaceChildren(
    Object.assign(document.createElement("span"), { textContent: "Together" }),
    `${sum(seats).toFixed(2)} ${currency}`,
  );
  $("choosing").hidden = Boolean(hold);
  $("paying").hidden = !hold || booked;
  $("clock").hidden = !hold || booked;
  $("ticket").hidden = !booked;
  $("hold").disabled = busy || !chosen.size;
  $("hold").textContent = chosen.size > 1 ? `Hold ${chosen.size} seats` : "Hold";
  $("pay").textContent = `Pay ${sum(seats).toFixed(2)} ${currency}`;
  for (const id of ["best", "pay", "back"]) $(id).disabled = busy;
  house.show(ids, letters, mine());
}

function lost(seats, text) {
  house.flash(seats);
  for (const id of seats) chosen.delete(id);
  say(text, "lost");
}

const list = (seats) => seatsOf(seats).map(named).join("; ");

// --- looking

async function refresh() {
  const found = await ask("GET", `/events/${event}/map`);
  if (!found.ok || typeof found.letters !== "string") return;
  letters = found.letters;
  const places = new Map(ids.map((id, place) => [id, place]));
  const gone = busy || hold ? [] : [...chosen].filter((id) => letters[places.get(id)] !== "A");
  if (gone.length) lost(gone, `Somebody else has just taken ${list(gone)}.`);
  render();
}

async function watch() {
  for (;;) {
    await refresh().catch(() => {}); // the service is away for a moment: the map is older for it
    await new Promise((next) => setTimeout(next, document.hidden ? 4 * LOOKS_EVERY : LOOKS_EVERY));
  }
}

function tick() {
  if (!hold || hold.status === "CONFIRMED") return;
  const left = Math.max(0, Math.ceil((hold.ends - performance.now()) / 1000));
  $("left").textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  $("clock").classList.toggle("soon", left <= SOON);
  if (!left && !busy) over("Your time is over, and the seats are free again.");
}

function over(text) {
  hold = null;
  chosen.clear();
  sessionStorage.removeItem(KEPT);
  say(text, "lost");
  render();
}

// --- doing

function toggle(seat) {
  if (hold || busy) return;
  if (chosen.delete(seat.id)) say("");
  else if (seat.state !== "free") return say(`${named(seat)} is not to be had.`);
  else if (chosen.size >= most) return say(`You can have up to ${most} seats.`);
  else {
    chosen.add(seat.id);
    say("");
  }
  render();
}

/** Do something that changes things, once at a time; a request whose answer is lost is sent again as it was. */
async function doing(work) {
  if (busy) return;
  busy = true;
  render();
  try {
    await work();
  } catch {
    say("The box office does not answer. Please try again.", "lost");
  } finally {
    busy = false;
    render();
    refresh().catch(() => {});
  }
}

async function patiently(method, path, body, headers) {
  for (let tries = 1; ; tries++) {
    const answer = await ask(method, path, body, headers).catch((error) => ({ status: 0, error }));
    if ((answer.status && answer.status !== 503) || tries === 4) {
      if (answer.error) throw answer.error;
      return answer;
    }
    await new Promise((next) => setTimeout(next, 400 * tries));
  }
}

function held(answer) {
  hold = { ...answer, ends: performance.now() + answer.seconds * 1000 };
  sessionStorage.setItem(KEPT, answer.hold);
  chosen.clear();
  tick();
}

const holding = (wanted) =>
  doing(async () => {
    const key = { "Idempotency-Key": newId() };
    const answer = await patiently("POST", `/events/${event}/holds`, { user, ...wanted }, key);
    if (answer.ok) {
      held(answer);
      house.reveal(answer.seats[0]);
      say("These seats are held for you.", "good");
    } else if (answer.code === "TKT-701" && answer.seats.length) {
      lost(answer.seats, `Somebody else was faster: ${list(answer.seats)}.`);
    } else say(answer.code === "TKT-701" ? "There are not as many free seats." : answer.problem, "lost");
  });

const paying = () =>
  doing(async () => {
    const answer = await patiently("POST", `/holds/${hold.hold}/payment`, { card: $("card").value });
    if (answer.ok) {
      hold.status = "CONFIRMED";
      $("reference").textContent = answer.reference;
      sessionStorage.removeItem(KEPT);
      say("Paid and booked.", "good");
    } else if (answer.status === 402) say(`Not paid: ${answer.problem}. Please try another card.`, "lost");
    else if (answer.status === 410 || answer.status === 409)
      over(`The seats are gone${answer.refunded ? `, and ${answer.refunded} ${currency} go back to you` : ""}.`);
    else say(answer.problem, "lost");
  });

const givingBack = () =>
  doing(async () => {
    await patiently("DELETE", `/holds/${hold.hold}`);
    over("");
  });

$("hold").addEventListener("click", () => holding({ seats: [...chosen] }));
$("best").addEventListener("click", () => holding({ best: Number($("count").value) }));
$("pay").addEventListener("click", paying);
$("back").addEventListener("click", givingBack);
$("again").addEventListener("click", () => over(""));
$("events").addEventListener("change", () => location.assign(`?event=${$("events").value}`));

// --- the beginning

async function resume() {
  const kept = sessionStorage.getItem(KEPT);
  if (!kept) return;
  const found = await ask("GET", `/holds/${encodeURIComponent(kept)}`);
  if (found.ok && found.status !== 404 && found.event === event && found.seconds > 0) held(found);
  else sessionStorage.removeItem(KEPT);
}

async function open() {
  const { events = [] } = await ask("GET", "/events");
  const wanted = Number(new URLSearchParams(location.search).get("event"));
  const shown = events.find((each) => each.event === wanted) ?? (wanted ? null : events[0]);
  if (!shown) return say(wanted ? `Event ${wanted} is not on sale.` : "Nothing is on sale.");
  event = shown.event;
  document.title = `${shown.name} – choose your seats`;
  $("name").textContent = shown.name;
  const when = new Date(shown.date).toLocaleString(undefined, { dateStyle: "full", timeStyle: "short" });
  $("facts").textContent = [shown.venue, when].filter(Boolean).join(" · ");
  $("events").replaceChildren(...events.map((each) => new Option(each.name, each.event, false, each === shown)));
  $("other").hidden = events.length < 2;
  const places = await ask("GET", `/events/${event}/seats`);
  ({ currency, most } = places);
  $("most").textContent = most;
  ids = places.rows.flatMap((row) => row.seats);
  house.draw(places.rows);
  house.fit($("scroll"));
  addEventListener("resize", () => house.fit($("scroll")));
  await resume();
  setInterval(tick, 250);
  watch();
}

open().catch(() => say("The box office does not answer. Please load the page again.", "lost"));
