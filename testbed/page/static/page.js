// What the page does: its theme, tables in another order, and the replay.

const THEMES = ["auto", "light", "dark"];

function offerThemes(button) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const root = document.documentElement, next = THEMES[(THEMES.indexOf(root.dataset.theme) + 1) % THEMES.length];
    root.dataset.theme = next;
    button.textContent = `Theme: ${next}`;
    document.dispatchEvent(new Event("themechange"));
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new Event("themechange")));
}

// A table's rows by a column: numbers by size, texts by the alphabet, and what is empty last.
function sortBy(header) {
  const table = header.closest("table"), isUp = header.getAttribute("aria-sort") === "ascending";
  const at = [...header.parentNode.children].indexOf(header), body = table.tBodies[0];
  const key = (row) => row.cells[at].dataset.value ?? row.cells[at].textContent;
  const compare = (a, b) => {
    const [x, y] = [Number(a), Number(b)];
    return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b) : x - y;
  };
  const empty = (row) => key(row) === "";
  const rows = [...body.rows].sort((a, b) => empty(a) - empty(b) || (isUp ? -1 : 1) * compare(key(a), key(b)));
  for (const each of header.parentNode.children) each.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", isUp ? "descending" : "ascending");
  body.append(...rows);
}

async function startReplay(root) {
  const data = document.getElementById("replay-data");
  if (!root || !data) return;
  try {
    new Player(root, await Network.of(JSON.parse(data.textContent)));
    root.dataset.ready = "yes";
  } catch (error) {
    root.querySelector('[data-part="words"]').textContent = `The replay cannot be shown in this browser: ${error.message}.`;
    root.dataset.ready = "no";
  }
}

offerThemes(document.getElementById("theme"));
for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => sortBy(button.parentNode));
}
startReplay(document.getElementById("replay"));
