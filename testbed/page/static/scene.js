// Draws the network at an instant on a canvas.

const MARGIN = 14, NUMBERED = 30, TRAIL = 0.14, FADE = 0.08;

class Scene {
  constructor(canvas, network) {
    Object.assign(this, { canvas, network, followed: null, places: null });
    this.pen = canvas.getContext("2d");
    this.resize();
  }

  // As sharp as the screen; the canvas is as wide as its box.
  resize() {
    const side = Math.max(200, Math.round(this.canvas.clientWidth)), dots = Math.min(window.devicePixelRatio || 1, 3);
    this.canvas.width = this.canvas.height = Math.round(side * dots);
    this.pen.setTransform(dots, 0, 0, dots, 0, 0);
    this.side = side;
    this.radius = Math.max(3, Math.min(13, (0.115 * side) / Math.sqrt(this.network.devices)));
    this.colours = themeColours();
  }

  draw(tick, since = tick, still = false) {
    const { network, pen } = this, round = network.roundAt(tick);
    this.places = network.placesAt(tick, round).map(
      (place, i) => MARGIN + (this.side - 2 * MARGIN) * (i % 2 ? 1 - place : place));
    pen.clearRect(0, 0, this.side, this.side);
    pen.fillStyle = this.colours.ground;
    pen.fillRect(0, 0, this.side, this.side);
    this.drawLinks(tick, round);
    const messages = network.messagesAt(tick, round, since);
    this.drawArrived(messages.arrived);
    const sending = this.drawFlying(messages.flying, tick, still);
    this.drawDevices(tick, round, sending);
    if (network.side_m) this.drawRuler();
    return messages;
  }

  at(device) {
    return [this.places[2 * device], this.places[2 * device + 1]];
  }

  concerns(a, b) {
    return this.followed === null || a === this.followed || b === this.followed;
  }

  lines(pairs, colour, width, alpha, from = 0, to = 1) {
    const { pen } = this;
    pen.beginPath();
    for (const [a, b] of pairs) {
      const [x, y] = this.at(a), [u, v] = this.at(b);
      pen.moveTo(x + from * (u - x), y + from * (v - y));
      pen.lineTo(x + to * (u - x), y + to * (v - y));
    }
    Object.assign(pen, { strokeStyle: colour, lineWidth: width, globalAlpha: alpha });
    pen.stroke();
    pen.globalAlpha = 1;
  }

  // Links of the round; new ones appear and old ones go within its first part.
  drawLinks(tick, round) {
    const { network, pen, colours } = this;
    const now = network.links(round), before = round && network.hasLinks(round - 1) ? network.links(round - 1) : [];
    const lasts = network.closed[round] - network.opened[round];
    const age = lasts ? Math.min(1, (tick - network.opened[round]) / (FADE * lasts)) : 1;
    const code = ([a, b]) => a * network.devices + b;
    const was = new Set(before.map(code)), is = new Set(now.map(code));
    const crowd = Math.max(0.3, Math.min(1, 160 / Math.max(now.length, 1)));
    const shown = (kept) => (pair) => kept(pair) && this.concerns(...pair);
    const strength = this.followed === null ? 0.25 + 0.6 * crowd : 0.9, wide = 0.6 + 0.7 * crowd;
    this.lines(now.filter(shown((pair) => was.has(code(pair)))), colours.link, wide, strength);
    this.lines(now.filter(shown((pair) => !was.has(code(pair)))), colours.link, wide, strength * age);
    if (age < 1 && network.hasLinks(round)) {
      this.lines(before.filter(shown((pair) => !is.has(code(pair)))), colours.link, wide, strength * (1 - age));
    }
    pen.setLineDash([5, 4]);
    const oneWay = network.links(round, "one").filter(([a, b]) => this.concerns(a, b));
    this.lines(oneWay, colours.one, 1.1, 0.9);
    pen.setLineDash([]);
    this.drawHeads(oneWay);
  }

  // Arrow heads towards who hears.
  drawHeads(pairs) {
    const { pen } = this;
    pen.fillStyle = this.colours.one;
    for (const [a, b] of pairs) {
      const [x, y] = this.at(a), [u, v] = this.at(b), long = Math.hypot(u - x, v - y) || 1;
      const dx = (u - x) / long, dy = (v - y) / long, tipX = x + 0.62 * (u - x), tipY = y + 0.62 * (v - y);
      pen.beginPath();
      pen.moveTo(tipX + 5 * dx, tipY + 5 * dy);
      pen.lineTo(tipX - 4 * dx - 3.5 * dy, tipY - 4 * dy + 3.5 * dx);
      pen.lineTo(tipX - 4 * dx + 3.5 * dy, tipY - 4 * dy - 3.5 * dx);
      pen.fill();
    }
  }

  // The half of a link towards who has the message.
  drawArrived(arrived) {
    const { network } = this, pairs = arrived.map((i) => [network.src[i], network.dst[i]]);
    const shown = pairs.filter(([a, b]) => this.concerns(a, b));
    const crowd = Math.max(0.25, Math.min(1, 250 / Math.max(shown.length, 1)));
    this.lines(shown, this.colours.arrived, 0.8 + 1.2 * crowd, 0.35 + 0.5 * crowd, 0.5, 1);
  }

  // A dot for each message, with a trail; what will be lost is hollow and comes half way. Returns who sends.
  drawFlying(flying, tick, still) {
    const { network, pen, colours } = this, sending = new Set();
    const trails = new Path2D(), dots = new Path2D(), hollow = new Path2D();
    const largest = Math.max(1, ...network.sizes), dot = Math.max(1.6, Math.min(4, 0.4 * this.radius));
    for (const i of flying) {
      const src = network.src[i], dst = network.dst[i];
      sending.add(src);
      if (!this.concerns(src, dst)) continue;
      const [x, y] = this.at(src), [u, v] = this.at(dst), isLost = network.fate[i] !== 0;
      const way = still ? 0.5 : Math.min(1, (tick - network.start[i]) / Math.max(network.lasted[i], 1)) * (isLost ? 0.5 : 1);
      const tail = Math.max(0, way - TRAIL), atX = x + way * (u - x), atY = y + way * (v - y);
      const size = dot * (0.55 + 0.45 * Math.sqrt(network.sizes[network.size[i]] / largest));
      trails.moveTo(x + tail * (u - x), y + tail * (v - y));
      trails.lineTo(atX, atY);
      const path = isLost ? hollow : dots;
      path.moveTo(atX + size, atY);
      path.arc(atX, atY, size, 0, 2 * Math.PI);
    }
    Object.assign(pen, { strokeStyle: colours.flying, lineWidth: 1.2, globalAlpha: 0.55 });
    pen.stroke(trails);
    pen.globalAlpha = 1;
    pen.fillStyle = colours.flying;
    pen.fill(dots);
    Object.assign(pen, { fillStyle: colours.panel, strokeStyle: colours.lost, lineWidth: 1.5 });
    pen.fill(hollow);
    pen.stroke(hollow);
    return sending;
  }

  drawDevices(tick, round, sending) {
    const { network, pen, colours } = this, evaluated = network.evaluatedAt(tick);
    const range = network.best - network.worst;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.font = `600 ${Math.round(this.radius * 0.95)}px system-ui, sans-serif`;
    for (let device = 0; device < network.devices; device++) {
      const accuracy = network.accuracyOf(device, evaluated), state = network.state(device, round);
      const share = accuracy === null ? null : range ? (accuracy * network.share - network.worst) / range : 1;
      const colour = share === null || state === "away" ? null : scaleColour(share);
      this.drawDevice(device, state, colour, sending.has(device));
    }
  }

  drawDevice(device, state, colour, sends) {
    const { pen, colours, radius } = this, [x, y] = this.at(device);
    pen.beginPath();
    if (state === "isolated") pen.rect(x - 0.9 * radius, y - 0.9 * radius, 1.8 * radius, 1.8 * radius);
    else if (state === "away") {
      [[0, -1.15], [1.15, 0], [0, 1.15], [-1.15, 0]].forEach(([dx, dy]) => pen.lineTo(x + dx * radius, y + dy * radius));
      pen.closePath();
    } else pen.arc(x, y, radius, 0, 2 * Math.PI);
    pen.fillStyle = colour ? css(colour) : colours.panel;
    pen.fill();
    pen.setLineDash(state === "partly" || state === "away" ? [3, 2.5] : []);
    Object.assign(pen, { strokeStyle: state === "away" ? colours.muted : colours.ink, lineWidth: state === "partly" ? 2.2 : 1.2 });
    pen.stroke();
    pen.setLineDash([]);
    if (sends) this.ring(x, y, radius + 3.5, colours.flying, 2);
    if (device === this.followed) this.ring(x, y, radius + 7, colours.ink, 2.5);
    if (device === this.followed || (this.network.devices <= NUMBERED && radius >= 8)) {
      pen.fillStyle = colour ? onColour(colour) : colours.ink;
      pen.fillText(device, x, y + 0.5);
    }
  }

  ring(x, y, radius, colour, width) {
    this.pen.beginPath();
    this.pen.arc(x, y, radius, 0, 2 * Math.PI);
    Object.assign(this.pen, { strokeStyle: colour, lineWidth: width });
    this.pen.stroke();
  }

  // A bar of a round length, at the lower left.
  drawRuler() {
    const { pen, colours, network } = this, scale = (this.side - 2 * MARGIN) / network.side_m;
    const metres = [...series(1e-3, 1e7)].filter((each) => each * scale <= this.side / 4).pop();
    const y = this.side - 10, text = metres >= 1000 ? `${metres / 1000} km` : `${metres} m`;
    pen.font = "11px system-ui, sans-serif";
    pen.textAlign = "left";
    pen.fillStyle = colours.ground;
    pen.globalAlpha = 0.8;
    pen.fillRect(5, y - 17, Math.max(metres * scale, pen.measureText(text).width) + 10, 23);
    pen.globalAlpha = 1;
    pen.beginPath();
    pen.moveTo(10, y - 4);
    pen.lineTo(10, y);
    pen.lineTo(10 + metres * scale, y);
    pen.lineTo(10 + metres * scale, y - 4);
    Object.assign(pen, { strokeStyle: colours.ink, lineWidth: 1.2, fillStyle: colours.ink });
    pen.stroke();
    pen.fillText(text, 13, y - 9);
  }

  // The device at a point of the canvas, if there is one.
  deviceAt(x, y) {
    let nearest = null, best = (this.radius + 8) ** 2;
    for (let device = 0; device < this.network.devices; device++) {
      const [u, v] = this.at(device), far = (u - x) ** 2 + (v - y) ** 2;
      if (far < best) [nearest, best] = [device, far];
    }
    return nearest;
  }
}

// 1, 2 and 5 times powers of ten.
function* series(from, to) {
  for (let ten = from; ten <= to; ten *= 10) {
    for (const step of [1, 2, 5]) yield Number((step * ten).toPrecision(6));
  }
}
