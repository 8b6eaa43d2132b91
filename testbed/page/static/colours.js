// The colours of the page's theme, as its style sheet has them, and those of accuracies.

const VIRIDIS = ["#440154", "#414487", "#2a788e", "#22a884", "#7ad151", "#fde725"].map(rgb);

function rgb(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

// Of a share from 0 to 1 of the way from the worst to the best.
function scaleColour(share) {
  const at = Math.max(0, Math.min(1, share)) * (VIRIDIS.length - 1);
  const low = Math.min(Math.floor(at), VIRIDIS.length - 2), part = at - low;
  return VIRIDIS[low].map((value, i) => Math.round(value + part * (VIRIDIS[low + 1][i] - value)));
}

function css([red, green, blue]) {
  return `rgb(${red},${green},${blue})`;
}

// Black or white, whichever is read more easily on a colour.
function onColour([red, green, blue]) {
  return 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? "#000" : "#fff";
}

function themeColours() {
  const probe = document.body.appendChild(document.createElement("i")), found = {};
  for (const name of ["ink", "muted", "line", "panel", "link", "one", "flying", "arrived", "lost", "ground"]) {
    probe.style.color = `var(--${name})`;
    found[name] = getComputedStyle(probe).color; // of the two colours of a theme, the one that holds
  }
  probe.remove();
  return found;
}
