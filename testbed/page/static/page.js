// What the page does: its theme, tables in another order, and the replay.

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
