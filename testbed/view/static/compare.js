// Two runs side by side: curves, numbers, and the keys in which their scenarios differ.

const SIDES = ["a", "b"], MEASURED = ["data.name", "output.evaluate", "output.eval_samples"];
const runs = {}, chart = new Chart($("chart"));
let stated = null;

function best(curve) {
  return Math.max(...curve.accuracy.filter((value) => value !== null));
}

function last(values) {
  return values.findLast((value) => value !== null);
}

function mean(values) {
  const known = values.filter((value) => value !== null);
  return known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : undefined;
}

function finite(value) {
  return Number.isFinite(value) ? value : undefined;
}

// The round in which the mean accuracy first is at least the target: its value of a column.
function reached(curve, target, column) {
  const round = curve.accuracy.findIndex((value) => value !== null && value >= target);
  return round < 0 ? undefined : curve[column][round];
}

function figures(curve, target) {
  const to = `to ${shown(target)}`;
  return [
    ["rounds", curve.round.length],
    ["best mean accuracy", finite(best(curve))],
    ["last mean accuracy", last(curve.accuracy)],
    ["last spread over devices", last(curve.spread)],
    ["last loss", last(curve.loss)],
    ["mean density", mean(curve.density)],
    ["simulated seconds", last(curve.seconds)],
    ["MB sent", last(curve.megabytes)],
    ["joules", last(curve.joules)],
    [`rounds ${to}`, reached(curve, target, "round")],
    [`simulated seconds ${to}`, reached(curve, target, "seconds")],
    [`MB sent ${to}`, reached(curve, target, "megabytes")],
    [`joules ${to}`, reached(curve, target, "joules")],
  ];
}

// As it was typed, else 95 % of the lower of the best accuracies.
function target(curves) {
  const lowest = Math.min(...curves.map(best)), asked = Number.isFinite(lowest) ? Math.floor(95 * lowest) / 100 : 0;
  if (stated === null) $("target").value = asked;
  return stated ?? asked;
}

function line(name, values) {
  return element("tr", {}, element("th", { scope: "row" }, name), ...values.map((value) => element("td", {}, value)));
}

function tellNumbers([a, b]) {
  const aim = target([a, b]), [left, right] = [figures(a, aim), figures(b, aim)];
  const lines = left.map(([name, value], i) => {
    const other = right[i][1], isKnown = Number.isFinite(value) && Number.isFinite(other);
    if (value === undefined && other === undefined) return null;
    return line(name, [value, other].map((each) => shown(each) || "–").concat(isKnown ? signed(other - value) : ""));
  });
  $("numbers").replaceChildren(...lines.filter((each) => each));
}

function tellKeys([a, b]) {
  const keys = [...new Set([...Object.keys(a.keys), ...Object.keys(b.keys)])];
  const differing = keys.filter((key) => key !== "run.name" && a.keys[key] !== b.keys[key]);
  $("keys").replaceChildren(...differing.map((key) => line(key, [a, b].map((each) => each.keys[key] ?? "–"))));
  const equal = keys.length - differing.length - keys.includes("run.name");
  write($("equal"), `${differing.length || "No"} ${differing.length === 1 ? "key differs" : "keys differ"}, ${equal} are equal; names are not counted. A dash is a key that a scenario has not.`);
  const mixed = MEASURED.filter((key) => differing.includes(key)), told = [];
  if (mixed.length) told.push(`These runs do not measure one thing: ${mixed.join(", ")} differ.`);
  if (differing.includes("run.seed")) told.push("The seeds differ: so do data, places and the air.");
  write($("warning"), told.join(" "));
  $("warning").hidden = !told.length;
}

function show() {
  const known = SIDES.filter((side) => runs[side]?.told);
  for (const side of known) runs[side].show($(`badge-${side}`));
  chart.show(known.map((side) => ({ name: side.toUpperCase(), kind: side, curve: runs[side].curve })));
  if (known.length < 2) return;
  tellNumbers(SIDES.map((side) => runs[side].curve));
  tellKeys(SIDES.map((side) => runs[side].steady));
  write($("fair"), "One pair of runs says little of two methods: testbed plot compares over seeds.");
}

function choose(side, path) {
  runs[side] = path ? new Followed(path) : null;
  $(`open-${side}`).hidden = !path;
  $(`open-${side}`).href = address("/run", { path });
  badge($(`badge-${side}`), "unknown", path ? "being read" : "none is chosen");
  history.replaceState(null, "", address("/compare", Object.fromEntries(SIDES.filter((each) => runs[each]).map((each) => [each, runs[each].path]))));
}

// The choices: all runs there are.
async function offer() {
  let news, revision = 0, paths = [];
  do {
    news = await ask("/api/runs", { since: revision });
    revision = news.revision;
    paths = paths.concat(news.rows.filter(({ kind, state }) => kind === "run" && state !== "damaged").map(({ path }) => path));
  } while (news.unread);
  paths.sort();
  for (const side of SIDES) {
    const select = $(side), chosen = runs[side]?.path ?? "";
    const missing = chosen && !paths.includes(chosen) ? [chosen] : [];
    select.replaceChildren(element("option", { value: "" }, "choose a run"), ...[...missing, ...paths].map((path) => element("option", { value: path }, path)));
    select.value = chosen;
  }
}

const asked = new URLSearchParams(location.search);
for (const side of SIDES) {
  choose(side, asked.get(side) ?? "");
  $(side).addEventListener("change", async () => {
    choose(side, $(side).value);
    await runs[side]?.step();
    show();
  });
}
$("target").addEventListener("input", () => {
  stated = $("target").value === "" ? null : Number($("target").value);
  show();
});

let isOffered = false;
follow(async () => {
  if (!isOffered) await offer();
  isOffered = true;
  let isNew = false;
  for (const side of SIDES) if (runs[side]) isNew = (await runs[side].step()) || isNew;
  if (isNew) show();
});
