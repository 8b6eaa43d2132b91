// Mean accuracy and density over time, above the slider, with a line at the present.

const STRIP = { wide: 1000, high: 100 };

class Strip {
  constructor(svg, network) {
    const x = (tick) => ((STRIP.wide * tick) / (network.end || 1)).toFixed(1);
    const y = (share) => (STRIP.high * (1 - share)).toFixed(1);
    const rounds = [...Array(network.rounds).keys()];
    const levels = rounds.map((i) => [y(network.density[i] / network.share), network.opened[i], network.closed[i]]);
    const area = levels.map(([level, opened, closed]) => `L${x(opened)} ${level}L${x(closed)} ${level}`).join("");
    svg.querySelector(".density").setAttribute("d", `M0 ${STRIP.high}${area}L${x(network.end)} ${STRIP.high}Z`);
    const points = rounds.filter((i) => network.means[i] !== null);
    const line = points.map((i) => `${x(network.closed[i])} ${y(network.means[i])}`).join("L");
    svg.querySelector(".accuracy").setAttribute("d", line ? `M${line}` : "");
    this.now = svg.querySelector(".now");
    this.x = x;
  }

  show(tick) {
    this.now.setAttribute("x1", this.x(tick));
    this.now.setAttribute("x2", this.x(tick));
  }
}

// The scale of colours, with a mark for every device.
class Legend {
  constructor(svg, network) {
    this.network = network;
    this.marks = svg.querySelector(".marks");
    const stops = svg.querySelector("linearGradient");
    VIRIDIS.forEach((colour, i) => {
      const stop = document.createElementNS(svg.namespaceURI, "stop");
      stop.setAttribute("offset", i / (VIRIDIS.length - 1));
      stop.setAttribute("stop-color", css(colour));
      stops.append(stop);
    });
  }

  show(tick) {
    const { network } = this, range = network.best - network.worst, evaluated = network.evaluatedAt(tick);
    const marks = [];
    for (let device = 0; device < network.devices; device++) {
      const accuracy = network.accuracyOf(device, evaluated);
      if (accuracy === null) continue;
      const share = range ? (accuracy * network.share - network.worst) / range : 1;
      marks.push(`M${(2 + 196 * share).toFixed(1)} 14v9`);
    }
    this.marks.setAttribute("d", marks.join(""));
  }
}
