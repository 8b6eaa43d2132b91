// The page of one run.

const path = new URLSearchParams(location.search).get("path") ?? "";
const run = new Followed(path), chart = new Chart($("chart"));
$("report").href = address("/report", { path });
$("compare").href = address("/compare", { a: path });

function tile([name, value, more]) {
  const said = element("dd", {}, value);
  if (more) said.append(" ", element("small", {}, more));
  return element("div", {}, element("dt", {}, name), said);
}

follow(async () => {
  if (!(await run.step())) return;
  const { told, steady } = run;
  write($("title"), steady.title);
  document.title = steady.title;
  write($("sentence"), steady.sentence);
  run.show($("badge"));
  $("numbers").replaceChildren(...told.numbers.map(tile));
  if (!told.numbers.length) $("numbers").append("No round is whole yet.");
  const isSilent = told.state === "silent";
  const silence = "It says that it runs, but has written nothing for long: its process may have died. A run can be gone on with by --resume.";
  write($("warning"), isSilent ? silence : `Stopped: ${told.stopped}`);
  $("warning").hidden = !(isSilent || told.stopped);
  write($("command"), steady.command || "The manifest names no command.");
  write($("toml"), steady.toml);
  chart.show([{ name: "", kind: "a", curve: run.curve }]);
});
