// What all pages share: the server's answers, again and again; elements; numbers for people.

"use strict";

const EVERY_MS = 2000;
const STATES = {
  running: "running", silent: "not going on", stopped: "stopped", diverged: "diverged",
  finished: "finished", damaged: "cannot be read", unknown: "unknown",
};
const $ = (id) => document.getElementById(id);

// Texts of a run become text, whatever is in them.
function element(tag, attributes = {}, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...inside);
  return made;
}

function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function address(page, values) {
  return `${page}?${new URLSearchParams(values)}`;
}

async function ask(page, values) {
  const reply = await fetch(address(page, values));
  if (!reply.ok) throw new Error((await reply.text()).trim());
  return reply.json();
}

// Ask again and again, at once where `step` says that there is more, and not while nobody looks.
async function follow(step) {
  for (;;) {
    let isMore = false;
    try {
      isMore = await step();
      $("offline").hidden = true;
    } catch (error) {
      const gone = error instanceof TypeError; // fetch has no other word for it
      write($("offline"), gone ? "The server does not answer any more: start testbed view again. What is shown is as it was." : error.message);
      $("offline").hidden = false;
    }
    if (!isMore) await new Promise((done) => setTimeout(done, EVERY_MS));
    while (document.hidden) await new Promise((done) => document.addEventListener("visibilitychange", done, { once: true }));
  }
}

function badge(node, state, words = STATES[state]) {
  const name = `badge ${state}`;
  if (node.className !== name) node.className = name;
  write(node, words);
}

function shown(value, digits = 4) {
  if (value === null || value === undefined) return "";
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(digits)));
}

function signed(value) {
  return value < 0 ? `−${shown(-value, 3)}` : value > 0 ? `+${shown(value, 3)}` : "0";
}

function fixed(value, digits) {
  return value === null || value === undefined ? "" : value.toFixed(digits);
}

function ago(seconds) {
  for (const [unit, size] of [["d", 86400], ["h", 3600], ["min", 60]]) {
    if (seconds >= 2 * size) return `${Math.floor(seconds / size)} ${unit} ago`;
  }
  return `${Math.max(0, seconds)} s ago`;
}

// The theme that was chosen stays while the tab is open.
document.documentElement.dataset.theme = sessionStorage.getItem("theme") ?? "auto";
offerThemes($("theme"));
write($("theme"), `Theme: ${document.documentElement.dataset.theme}`);
document.addEventListener("themechange", () => sessionStorage.setItem("theme", document.documentElement.dataset.theme));

// A run that goes on: its rounds so far, and whatever else is new.
class Followed {
  constructor(path) {
    this.path = path;
    this.told = null;
    this.steady = null;
    this.curve = {};
  }

  // Whether there is anything new.
  async step() {
    const known = this.told ? { since: this.curve.round.length, of: this.told.of } : {};
    const told = await ask("/api/run", { path: this.path, ...known });
    if (told.since && told.since !== this.curve.round.length) return false; // another answer came in between
    for (const [name, values] of Object.entries(told.curve)) {
      this.curve[name] = (told.since ? this.curve[name] : []).concat(values);
    }
    this.steady = told.steady ?? this.steady;
    const isNew = !this.told || told.curve.round.length > 0 || told.state !== this.told.state || !told.since;
    this.told = told;
    return isNew;
  }

  show(node) {
    const words = this.told.state === "silent" ? this.told.progress.replace("running", "not going on") : this.told.progress;
    badge(node, this.told.state, words);
  }
}
