// The plan of the house: where seats are drawn, what they look like, and how the keyboard moves over them.

const CELL = 28;
const AISLE = 2; // columns between two sections
const TOP = 44; // pixels for the stage
const SIDE = 34; // pixels for the names of rows
const SVG = "http://www.w3.org/2000/svg";
const SHAPES = { A: "free", R: "held", B: "sold", X: "kept" };
const WORDS = { free: "free", chosen: "chosen", held: "held by somebody", sold: "sold", kept: "not for sale" };

const made = (name, attributes, parent, text) => {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  if (parent) parent.append(element);
  return element;
};

// "Stalls 2" is section 2 of the level "Stalls".
const level = (section) => section.match(/^(.*) \d+$/)?.[1] ?? section;
const numberOf = (section) => Number(section.match(/ (\d+)$/)?.[1] ?? 0);

/** Levels from the stage backwards, the sections of a level beside each other, rows behind rows. */
export function laidOut(rows) {
  const sections = new Map();
  for (const row of rows) {
    const inside = sections.get(row.section) ?? sections.set(row.section, new Map()).get(row.section);
    const line = inside.get(row.row) ?? inside.set(row.row, []).get(row.row);
    row.seats.forEach((id, place) =>
      line.push({ id, section: row.section, row: row.row, position: row.positions[place], price: row.price }),
    );
  }
  const levels = new Map();
  for (const name of sections.keys()) levels.set(level(name), [...(levels.get(level(name)) ?? []), name]);
  for (const names of levels.values()) names.sort((one, other) => numberOf(one) - numberOf(other));
  const width = (name) => Math.max(...[...sections.get(name).values()].map((line) => line.length));
  const span = (names) => names.reduce((sum, name) => sum + width(name), 0) + AISLE * (names.length - 1);
  const columns = Math.max(...[...levels.values()].map(span));
  const labels = [];
  let top = 0;
  for (const names of levels.values()) {
    let left = (columns - span(names)) / 2;
    for (const name of names) {
      labels.push({ text: name, x: left + width(name) / 2, y: top });
      [...sections.get(name).values()].forEach((line, depth) => {
        line.sort((one, other) => one.position - other.position);
        const indent = (width(name) - line.length) / 2;
        line.forEach((seat, column) => Object.assign(seat, { x: left + indent + column, y: top + 1 + depth }));
      });
      left += width(name) + AISLE;
    }
    top += Math.max(...names.map((name) => sections.get(name).size)) + 2;
  }
  const seats = [...sections.values()].flatMap((inside) => [...inside.values()].flat());
  return { columns, rows: top - 1, seats, labels };
}

export const named = (seat) => `${seat.section ? `${seat.section}, ` : ""}row ${seat.row}, seat ${seat.position}`;

export class House {
  /** `toggle` is called with a seat that was clicked, `look` with the seat at which the keyboard is. */
  constructor(root, toggle, look) {
    this.root = root;
    this.toggle = toggle;
    this.look = look;
    this.byId = new Map();
    root.addEventListener("click", (event) => this.clicked(event.target));
    root.addEventListener("keydown", (event) => this.pressed(event));
    root.addEventListener("focusin", (event) => this.at(event.target));
    root.addEventListener("mouseover", (event) => event.target.seat && this.look(event.target.seat));
  }

  draw(rows) {
    const plan = laidOut(rows);
    const width = plan.columns * CELL + 2 * SIDE;
    const height = plan.rows * CELL + TOP + CELL / 2;
    this.root.replaceChildren();
    for (const [key, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}` }))
      this.root.setAttribute(key, value);
    const stage = Math.min(width * 0.6, 420);
    made("rect", { class: "stage", x: (width - stage) / 2, y: 4, width: stage, height: 24, rx: 6 }, this.root);
    made("text", { x: width / 2, y: 21 }, this.root, "Stage");
    for (const label of plan.labels)
      made("text", { x: SIDE + label.x * CELL, y: TOP + label.y * CELL + 18 }, this.root, label.text);
    this.byId = new Map(plan.seats.map((seat) => [seat.id, seat]));
    for (const seat of plan.seats) this.put(seat);
    this.names(plan.seats);
    this.flashes = made("g", { id: "flashes" }, this.root);
    this.cursor = made("rect", { id: "cursor", width: CELL, height: CELL, rx: 7 }, this.root);
    const first = plan.seats[0];
    if (first) first.element.setAttribute("tabindex", "0");
  }

  put(seat) {
    seat.px = SIDE + seat.x * CELL;
    seat.py = TOP + seat.y * CELL;
    const place = { x: seat.px, y: seat.py, width: CELL, height: CELL, role: "checkbox", tabindex: "-1" };
    seat.element = made("use", place, this.root);
    seat.element.seat = seat;
    seat.element.dataset.id = seat.id;
  }

  // The name of a row stands left of it, once for each section.
  names(seats) {
    const first = new Map();
    for (const seat of seats) {
      const key = `${seat.section} ${seat.row}`;
      if (!first.has(key) || seat.x < first.get(key).x) first.set(key, seat);
    }
    for (const seat of first.values())
      made("text", { class: "row", x: seat.px - 4, y: seat.py + 18 }, this.root, seat.row);
  }

  /** Show what the letters of a map say; only what has changed is touched. */
  show(ids, letters, mine) {
    ids.forEach((id, place) => {
      const seat = this.byId.get(id);
      const state = mine.has(id) ? "chosen" : (SHAPES[letters[place]] ?? "kept");
      if (!seat || seat.state === state) return;
      seat.state = state;
      seat.element.setAttribute("href", `#${state}`);
      seat.element.dataset.state = state;
      seat.element.setAttribute("aria-checked", String(state === "chosen"));
      seat.element.setAttribute("aria-disabled", String(state !== "free" && state !== "chosen"));
      seat.element.setAttribute("aria-label", `${named(seat)}, ${seat.price}, ${WORDS[state]}`);
    });
  }

  flash(ids) {
    for (const seat of ids.map((id) => this.byId.get(id)).filter(Boolean)) {
      const place = { x: seat.px + 1, y: seat.py + 1, width: CELL - 2, height: CELL - 2, rx: 6 };
      const mark = made("rect", place, this.flashes);
      setTimeout(() => mark.remove(), 2400);
    }
  }

  /** Fit it into its frame as far as seats stay large enough: smaller for a mouse than for a finger. */
  fit(scroll) {
    const [, , width, height] = this.root.getAttribute("viewBox").split(" ").map(Number);
    const least = matchMedia("(pointer: coarse)").matches || innerWidth <= 720 ? 26 : 18;
    const scale = Math.min(1, Math.max(least / CELL, scroll.clientWidth / width));
    this.root.setAttribute("width", width * scale);
    this.root.setAttribute("height", height * scale);
    scroll.scrollLeft = (scroll.scrollWidth - scroll.clientWidth) / 2;
  }

  reveal(id) {
    this.byId.get(id)?.element.scrollIntoView({ block: "nearest", inline: "center" });
  }

  at(element) {
    const seat = element.seat;
    if (!seat) return;
    this.cursor.setAttribute("x", seat.px);
    this.cursor.setAttribute("y", seat.py);
    this.look(seat);
  }

  clicked(element) {
    if (!element.seat) return;
    this.move(element.seat);
    this.toggle(element.seat);
  }

  move(seat) {
    this.root.querySelector('use[tabindex="0"]')?.setAttribute("tabindex", "-1");
    seat.element.setAttribute("tabindex", "0");
    seat.element.focus({ preventScroll: true });
    seat.element.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  pressed(event) {
    const seat = event.target.seat;
    if (!seat) return;
    if (event.key === "Enter" || event.key === " ") this.toggle(seat);
    else if (!event.key.startsWith("Arrow")) return;
    else this.step(seat, event.key.slice(5));
    event.preventDefault();
  }

  // The nearest seat in a direction: along the row first, and to the sides only where there is nothing straight ahead.
  step(from, way) {
    const along = way === "Left" || way === "Right";
    const sign = way === "Left" || way === "Up" ? -1 : 1;
    let best = null;
    for (const seat of this.byId.values()) {
      const ahead = sign * (along ? seat.x - from.x : seat.y - from.y);
      const aside = Math.abs(along ? seat.y - from.y : seat.x - from.x);
      if (ahead <= 0 || (along && aside > 0)) continue;
      const distance = along ? ahead : ahead * 4 + aside;
      if (!best || distance < best.distance) best = { seat, distance };
    }
    if (best) this.move(best.seat);
  }
}
