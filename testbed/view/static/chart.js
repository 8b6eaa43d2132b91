// Curves of one run or two, with a choice of axes.

const ACROSS = { round: "rounds", seconds: "simulated seconds", megabytes: "MB sent, all devices", joules: "joules, all devices" };
const UP = { accuracy: "mean accuracy", loss: "loss", consensus: "consensus distance", density: "density" };
const SPACE = { left: 58, right: 14, top: 12, bottom: 42 };

class Chart {
  constructor(home) {
    this.series = [];
    this.svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.svg.setAttribute("class", "chart");
    this.svg.setAttribute("role", "img");
    this.said = element("p", { class: "readout-line" });
    this.up = this.choice("Up", UP);
    this.across = this.choice("Across", ACROSS);
    home.append(element("div", { class: "choices" }, this.up.parentNode, this.across.parentNode), this.svg, this.said);
    for (const select of [this.up, this.across]) select.addEventListener("change", () => this.draw());
    new ResizeObserver(() => this.draw()).observe(this.svg);
    this.svg.addEventListener("pointermove", (event) => this.point(event.offsetX));
    this.svg.addEventListener("pointerleave", () => this.point(null));
  }

  choice(label, names) {
    const select = element("select", {}, ...Object.entries(names).map(([value, words]) => element("option", { value }, words)));
    element("label", {}, `${label} `, select);
    return select;
  }

  // Series of {name, kind, curve}; `kind` is a or b.
  show(series) {
    this.series = series;
    this.draw();
  }

  draw() {
    const wide = this.svg.clientWidth, high = this.svg.clientHeight;
    this.svg.replaceChildren();
    this.lines = this.series.map(({ name, kind, curve }) => ({ name, kind, points: this.points(curve) }));
    const all = this.lines.flatMap(({ points }) => points);
    const label = `${UP[this.up.value]} against ${ACROSS[this.across.value]}`;
    this.svg.setAttribute("aria-label", this.words(label));
    if (!wide) return;
    if (!all.length) {
      this.add("text", { x: wide / 2, y: high / 2, "text-anchor": "middle" }, "Nothing was measured yet.");
      this.said.textContent = "";
      return;
    }
    const xs = ticks(0, Math.max(...all.map(([x]) => x)), wide / 90);
    const ys = ticks(Math.min(...all.map(([, y]) => y)), Math.max(...all.map(([, y]) => y)), high / 55);
    this.x = scale(xs, SPACE.left, wide - SPACE.right);
    this.y = scale(ys, high - SPACE.bottom, SPACE.top);
    this.axes(xs, ys, wide, high);
    for (const line of this.lines) this.line(line);
    this.cursor = this.add("g", {});
    this.point(null);
  }

  points(curve) {
    const xs = curve[this.across.value] ?? [], ys = curve[this.up.value] ?? [];
    return xs.map((x, i) => [x, ys[i], i]).filter(([x, y]) => x !== null && y !== null);
  }

  words(label) {
    const lasts = this.lines.filter(({ points }) => points.length).map(({ name, points }) => {
      const [x, y] = points.at(-1);
      return `${name ? `${name}: ` : ""}${shown(y)} at ${shown(x)}`;
    });
    return `${label}; ${lasts.length ? `at the end ${lasts.join(", ")}` : "nothing was measured yet"}`;
  }

  axes(xs, ys, wide, high) {
    const bottom = high - SPACE.bottom;
    for (const y of ys) {
      this.add("line", { class: "grid", x1: SPACE.left, x2: wide - SPACE.right, y1: this.y(y), y2: this.y(y) });
      this.add("text", { x: SPACE.left - 8, y: this.y(y) + 4, "text-anchor": "end" }, shown(y));
    }
    for (const x of xs) {
      this.add("line", { class: "axis", x1: this.x(x), x2: this.x(x), y1: bottom, y2: bottom + 5 });
      this.add("text", { x: this.x(x), y: bottom + 19, "text-anchor": "middle" }, shown(x));
    }
    this.add("line", { class: "axis", x1: SPACE.left, x2: wide - SPACE.right, y1: bottom, y2: bottom });
    this.add("text", { x: (SPACE.left + wide) / 2, y: high - 5, "text-anchor": "middle" }, ACROSS[this.across.value]);
    const middle = (SPACE.top + bottom) / 2;
    this.add("text", { transform: `translate(14 ${middle}) rotate(-90)`, "text-anchor": "middle" }, UP[this.up.value]);
  }

  line({ kind, points }) {
    const at = points.map(([x, y]) => `${this.x(x).toFixed(1)} ${this.y(y).toFixed(1)}`);
    if (at.length) this.add("path", { class: `curve ${kind}`, d: `M${at.join("L")}` });
    if (at.length === 1) this.dot(points[0], kind, this.svg);
  }

  dot([x, y], kind, home) {
    this.add("circle", { class: `dot ${kind}`, cx: this.x(x), cy: this.y(y), r: 4 }, "", home);
  }

  // Say the values nearest to a place; without one, the last.
  point(offset) {
    if (!this.cursor) return;
    this.cursor.replaceChildren();
    const found = this.lines.filter(({ points }) => points.length).map(({ name, kind, points }) => {
      const near = offset === null ? points.at(-1) : points.reduce((a, b) => (Math.abs(this.x(b[0]) - offset) < Math.abs(this.x(a[0]) - offset) ? b : a));
      this.dot(near, kind, this.cursor);
      const at = this.across.value === "round" ? "" : ` at ${shown(near[0])} ${ACROSS[this.across.value].split(",")[0]},`;
      return `${name ? `${name}: ` : ""}${shown(near[1])}${at} after ${near[2] + 1} rounds`;
    });
    write(this.said, found.join(" · "));
  }

  add(tag, attributes, text = "", home = this.svg) {
    const made = document.createElementNS(this.svg.namespaceURI, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.textContent = text;
    home.append(made);
    return made;
  }
}

// Round numbers, about `count` of them, from one below `low` to one above `high`.
function ticks(low, high, count) {
  const range = high - low || Math.abs(high) || 1, rough = range / Math.max(2, Math.floor(count));
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999);
  const first = Math.floor(low / step + 1e-9), last = Math.max(Math.ceil(high / step - 1e-9), first + 1);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

function scale(ticks, from, to) {
  const low = ticks[0], range = ticks.at(-1) - low;
  return (value) => from + ((value - low) / range) * (to - from);
}
