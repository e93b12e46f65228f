"use strict";
// Draws the seats at a moment, and moves through the moments. A frame is what differs from the one before: film.py.
// Paper has nothing that could be unfolded.
const folded = [...document.querySelectorAll("details:not([open])")];
window.addEventListener("beforeprint", () => folded.forEach((element) => (element.open = true)));

(function () {
  const source = document.getElementById("looks");
  if (!source) return;
  const { columns, rows, sections, runs, moments, frames, doubles, faults } = JSON.parse(source.textContent);
  const by = (id) => document.getElementById(id);
  const [canvas, slider, play, moment, broken, pointed] = ["map", "time", "play", "moment", "broken", "pointed"].map(by);
  const counters = [...document.querySelectorAll("[data-count]")];
  const LETTERS = "ARBX";
  const NAMES = ["free", "held", "booked", "not on sale"];
  const LARGEST = 20; // CSS pixels of a seat
  const WHOLE_PLAY = 15000; // milliseconds
  const CALM = window.matchMedia("(prefers-reduced-motion: reduce)");

  const seats = []; // column, row, run, place in the run
  const at = new Int32Array(columns * rows).fill(-1);
  runs.forEach(([column, row, count], run) => {
    for (let place = 0; place < count; place += 1) {
      at[row * columns + column + place] = seats.length;
      seats.push([column + place, row, run, place]);
    }
  });
  const states = new Uint8Array(seats.length);
  let shown = -1;

  function apply(frame) {
    let seat = 0;
    for (const [, letter, digits] of frame.matchAll(/([A-Z=])([0-9a-z]*)/g)) {
      const end = seat + (digits ? parseInt(digits, 36) : 1);
      if (letter !== "=") states.fill(LETTERS.indexOf(letter), seat, end);
      seat = end;
    }
  }

  function seek(look) {
    if (look < shown) shown = -1;
    while (shown < look) apply(frames[(shown += 1)]);
  }

  function draw() {
    const ratio = window.devicePixelRatio || 1;
    const room = canvas.parentElement.clientWidth * ratio;
    const exact = Math.min(LARGEST * ratio, room / columns);
    const cell = exact >= 4 ? Math.floor(exact) : exact;
    canvas.width = Math.ceil(cell * columns);
    canvas.height = Math.ceil(cell * rows);
    canvas.style.width = canvas.width / ratio + "px";
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue("--seat-" + name).trim();
    const pen = canvas.getContext("2d");
    const gap = cell >= 4 ? Math.max(1, Math.round(cell / 8)) : 0;
    const size = Math.max(1, Math.round(cell - 2 * gap));
    ["free", "held", "booked", "off"].forEach((name, state) => {
      pen.fillStyle = pen.strokeStyle = colour(name);
      seats.forEach(([column, row], seat) => {
        if (states[seat] === state) drawSeat(pen, state, Math.round(column * cell) + gap, Math.round(row * cell) + gap, size);
      });
    });
    pen.strokeStyle = colour("twice");
    pen.lineWidth = Math.max(2, cell / 6);
    for (const seat of doubles) pen.strokeRect(seats[seat][0] * cell, seats[seat][1] * cell, cell, cell);
  }

  // A frame, a half, a whole, a dot: as in the legend, and told apart without colours where there is room for it.
  function drawSeat(pen, state, x, y, size) {
    if (size < 4 && state !== 3) pen.globalAlpha = state === 0 ? 0.45 : 1;
    if (state === 2 || (size < 4 && state !== 3)) {
      pen.fillRect(x, y, size, size);
    } else if (state === 3) {
      const dot = Math.max(size / 3, Math.min(size, 1));
      pen.fillRect(x + (size - dot) / 2, y + (size - dot) / 2, dot, dot);
    } else {
      pen.lineWidth = Math.max(1, size / 9);
      const half = pen.lineWidth / 2;
      pen.strokeRect(x + half, y + half, size - 2 * half, size - 2 * half);
      if (state === 1) {
        pen.beginPath();
        pen.moveTo(x, y);
        pen.lineTo(x + size, y + size);
        pen.lineTo(x, y + size);
        pen.fill();
      }
    }
    pen.globalAlpha = 1;
  }

  function show(look) {
    seek(look);
    const counts = [0, 0, 0, 0];
    for (const state of states) counts[state] += 1;
    for (const counter of counters) {
      counter.textContent = counts[LETTERS.indexOf(counter.dataset.count)].toLocaleString("en");
    }
    const now = moments[look];
    const before = look ? moments[look - 1] : 0; // what lasted from one look to the next is named, however short it was
    const lasting = faults.filter(([, , began, ended]) => began <= now && (ended === null || before < ended));
    moment.textContent = now.toFixed(1) + " s";
    broken.textContent = lasting.map(([number, title]) => `${number}. ${title}`).join("; ") || "";
    slider.value = look;
    const words = NAMES.map((name, state) => `${counts[state]} ${name}`).join(", ");
    slider.setAttribute("aria-valuetext", [moment.textContent, words, broken.textContent].filter(Boolean).join("; "));
    draw();
  }

  let timer = 0;
  function pause() {
    window.clearTimeout(timer);
    timer = 0;
    play.textContent = "Play";
  }
  function step() {
    const last = frames.length - 1;
    // Whoever wants little motion sees a few pictures, one a second.
    const further = CALM.matches ? Math.max(1, Math.ceil(last / 15)) : 1;
    if (shown < last) show(Math.min(last, shown + further));
    if (shown >= last) pause();
    else timer = window.setTimeout(step, CALM.matches ? 1000 : Math.min(250, WHOLE_PLAY / frames.length));
  }
  play.addEventListener("click", () => {
    if (timer) return pause();
    play.textContent = "Pause";
    if (shown >= frames.length - 1) show(0);
    timer = window.setTimeout(step, 0);
  });
  slider.addEventListener("input", () => {
    pause();
    show(Number(slider.value));
  });

  canvas.addEventListener("pointermove", (event) => {
    const box = canvas.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
    const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
    const seat = at[row * columns + column];
    if (seat === undefined || seat < 0) return void (pointed.textContent = "");
    const [, , run, place] = seats[seat];
    const [, , , section, name, first] = runs[run];
    pointed.textContent = `${sections[section]}, row ${name}, seat ${first + place}: ${NAMES[states[seat]]}`;
  });
  canvas.addEventListener("pointerleave", () => (pointed.textContent = ""));

  window.addEventListener("resize", draw);
  window.addEventListener("beforeprint", draw);
  window.addEventListener("afterprint", draw);
  for (const query of ["print", "(prefers-color-scheme: dark)"]) window.matchMedia(query).addEventListener("change", draw);

  for (const element of document.querySelectorAll(".controls, .moment")) element.hidden = false;
  show(frames.length - 1);
})();
