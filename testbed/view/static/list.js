// The list: groups of runs, rows that change in place, and two that are ticked.

const COLUMNS = ["run", "state", "rounds", "accuracy", "best", "algorithm", "seed", "simulated s", "MB sent", "density", "changed"];
const MOST_TOLD = 8;
const lines = new Map(), groups = new Map();
let revision = 0, behind = 0, folder = "", ticked = [];

// Runs of one folder, or the cells of a sweep.
class Group {
  constructor(path) {
    const name = path === "." || path === "" ? folder : path;
    this.sweep = null;
    this.links = element("span");
    this.note = element("p", { class: "note" });
    this.failures = element("details", { hidden: "" });
    this.body = element("tbody");
    const heads = COLUMNS.map((words) => element("th", { scope: "col" }, element("button", { type: "button" }, words)));
    for (const head of heads) head.firstChild.addEventListener("click", () => sortBy(head));
    const head = element("thead", {}, element("tr", {}, element("td"), ...heads));
    this.wide = element("div", { class: "wide", tabindex: "0", role: "region", "aria-label": `Runs in ${name}` }, element("table", {}, head, this.body));
    this.section = element("section", { class: "group" }, element("h2", {}, name, this.links), this.note, this.failures, this.wide);
    const later = [...groups.keys()].sort().find((other) => other > path);
    $("groups").insertBefore(this.section, later === undefined ? null : groups.get(later).section);
    groups.set(path, this);
  }

  static of(path) {
    return groups.get(path) ?? new Group(path);
  }

  // What stands above the table of a sweep.
  tell(sweep) {
    this.sweep = sweep;
    this.links.replaceChildren(element("a", { href: address("/report", { path: sweep.path }), target: "_blank" }, "Report"));
    const failures = (sweep.failures ?? []).map(([name, words]) => element("p", {}, element("strong", {}, name), ` ${words}`));
    this.failures.hidden = !failures.length;
    this.failures.replaceChildren(element("summary", {}, `${sweep.failed} failed`), ...failures);
  }

  count() {
    const mine = [...lines.values()].filter((line) => line.group === this), visible = mine.filter((line) => !line.row.hidden);
    this.wide.hidden = !visible.length;
    this.section.hidden = !visible.length && (mine.length > 0 || !this.sweep || filters());
    if (!this.sweep) return write(this.note, "");
    if (this.sweep.said) return write(this.note, this.sweep.said);
    const found = tally(mine.map((line) => line.told.state)), absent = this.sweep.planned - mine.length;
    const axes = Object.entries(this.sweep.axes).map(([key, values]) => `${key}: ${few(values)}`);
    return write(this.note, `A sweep of ${this.sweep.planned} cells: ${[...found, ...(absent > 0 ? [`${absent} not begun`] : [])].join(", ")}. ${axes.join("; ")}`);
  }
}

// A run.
class Line {
  constructor(told) {
    this.group = Group.of(told.group);
    this.box = element("input", { type: "checkbox" });
    this.box.addEventListener("change", () => tick(this));
    this.link = element("a");
    this.badge = element("span");
    this.cells = Array.from({ length: COLUMNS.length - 1 }, () => element("td"));
    this.cells[0].append(this.badge);
    this.row = element("tr", {}, element("td", {}, this.box), element("th", { scope: "row" }, this.link), ...this.cells);
    this.group.body.append(this.row);
  }

  tell(told) {
    this.told = told;
    this.link.href = address("/run", { path: told.path });
    this.link.title = told.said ?? told.path;
    write(this.link, told.name);
    this.box.setAttribute("aria-label", `Compare ${told.name}`);
    this.box.disabled = told.state === "damaged";
    const [, rounds, last, best, algorithm, seed, seconds, megabytes, density] = this.cells;
    badge(this.badge, told.state);
    this.badge.title = told.said ?? "";
    write(algorithm, told.algorithm ?? "");
    write(seed, told.seed ?? "");
    write(rounds, told.rounds === undefined ? "" : told.wanted && told.wanted !== told.rounds ? `${told.rounds} of ${told.wanted}` : String(told.rounds));
    rounds.dataset.value = told.rounds ?? "";
    for (const [cell, value, digits] of [[last, told.last, 4], [best, told.best, 4], [seconds, told.seconds, 1], [megabytes, told.megabytes, 1], [density, told.density, 3]]) {
      write(cell, fixed(value, digits));
    }
    this.age();
  }

  age() {
    const seconds = Math.max(0, Math.round(Date.now() / 1000 - behind - this.told.written)), cell = this.cells.at(-1);
    write(cell, ago(seconds));
    cell.dataset.value = seconds;
  }

  drop() {
    this.row.remove();
    ticked = ticked.filter((each) => each !== this);
  }
}

function few(values) {
  return values.slice(0, MOST_TOLD).join(", ") + (values.length > MOST_TOLD ? ", …" : "");
}

// "3 finished, 1 running", in the order of STATES.
function tally(states) {
  return Object.entries(STATES).map(([state, words]) => [states.filter((each) => each === state).length, words])
    .filter(([count]) => count).map(([count, words]) => `${count} ${words}`);
}

function tick(line) {
  ticked = ticked.filter((each) => each !== line);
  if (line.box.checked) ticked.push(line);
  while (ticked.length > 2) ticked.shift().box.checked = false;
  tellTicked();
}

function tellTicked() {
  const names = ticked.map(({ told }) => told.name);
  write($("chosen"), names.length === 2 ? `${names[0]} and ${names[1]}` : names.length ? `${names[0]} and …` : "Tick two runs to compare them.");
  $("compare").hidden = names.length !== 2;
  if (names.length === 2) $("compare").href = address("/compare", { a: ticked[0].told.path, b: ticked[1].told.path });
}

function filters() {
  return $("filter").value.trim() !== "" || $("state").value !== "";
}

function filter() {
  const words = $("filter").value.toLowerCase().split(/\s+/), state = $("state").value;
  for (const { row, told } of lines.values()) {
    const text = [told.path, told.algorithm, told.seed].join(" ").toLowerCase();
    row.hidden = !(words.every((word) => text.includes(word)) && (!state || told.state === state));
  }
  for (const group of groups.values()) group.count();
}

function take(row) {
  if (row.kind === "sweep") return Group.of(row.path).tell(row);
  if (!lines.has(row.path)) lines.set(row.path, new Line(row));
  return lines.get(row.path).tell(row);
}

function drop(path) {
  lines.get(path)?.drop();
  lines.delete(path);
  if (groups.get(path)?.sweep) groups.get(path).sweep = null;
}

for (const [value, words] of Object.entries(STATES)) $("state").append(element("option", { value }, words));
$("filter").addEventListener("input", filter);
$("state").addEventListener("change", filter);
$("bar").addEventListener("submit", (event) => event.preventDefault());

follow(async () => {
  const news = await ask("/api/runs", { since: revision });
  if (news.whole) {
    const there = new Set(news.rows.map(({ path }) => path));
    for (const path of [...lines.keys(), ...groups.keys()]) if (!there.has(path)) drop(path);
  }
  revision = news.revision;
  folder = news.name;
  behind = Date.now() / 1000 - news.now;
  news.gone.forEach(drop);
  news.rows.forEach(take);
  for (const line of lines.values()) line.age();
  if (news.rows.length || news.gone.length || news.whole) filter();
  tellTicked();
  const told = [...lines.values()].map((line) => line.told.state), runs = `${told.length} run${told.length === 1 ? "" : "s"}`;
  const unread = news.unread ? ` Reading ${news.unread} more …` : "";
  write($("count"), told.length || unread ? `${[runs, tally(told).join(", ")].filter(Boolean).join(": ")}.${unread}` : "No run is here yet: what is begun shows up by itself.");
  return news.unread > 0;
});
