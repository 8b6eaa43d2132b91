// Draws the network at an instant on a canvas.

const MARGIN = 14, NUMBERED = 30, TRAIL = 0.14, FADE = 0.08;

class Scene {
  constructor(canvas, network) {
    Object.assign(this, { canvas, network, followed: null, places: null });
    this.pen = canvas.getContext("2d");
    this.ground = document.createElement("canvas");
    this.resize();
  }

  // As sharp as the screen; the canvas is as wide as its box.
  resize() {
    const side = Math.max(200, Math.round(this.canvas.clientWidth)), dots = Math.min(window.devicePixelRatio || 1, 3);
    for (const each of [this.canvas, this.ground]) {
      each.width = each.height = Math.round(side * dots);
      each.getContext("2d").setTransform(dots, 0, 0, dots, 0, 0);
    }
    this.drawn = { state: null };
    this.side = side;
    this.radius = Math.max(3, Math.min(13, (0.115 * side) / Math.sqrt(this.network.devices)));
    this.colours = themeColours();
  }

  draw(tick, since = tick, still = false) {
    const { network, pen } = this, round = network.roundAt(tick);
    this.places = network
      .placesAt(tick, round)
      .map((place, i) => MARGIN + (this.side - 2 * MARGIN) * (i % 2 ? 1 - place : place));
    const messages = network.messagesAt(tick, round, since);
    this.drawGround(tick, round, messages.arrived);
    pen.drawImage(this.ground, 0, 0, this.side, this.side);
    const sending = this.drawFlying(messages.flying, tick, still);
    this.drawDevices(tick, round, sending);
    if (network.side_m) this.drawRuler();
    return messages;
  }

  // Links and what has arrived, on a canvas below the other: while nobody moves, only what is new is drawn.
  drawGround(tick, round, arrived) {
    const pen = this.ground.getContext("2d"), { network, side } = this, age = this.age(tick, round);
    const state = [round, this.followed, side].join();
    if (state !== this.drawn.state || tick < this.drawn.tick || this.drawn.age < 1 || network.glides) {
      this.drawn.pairs = new Set();
      pen.fillStyle = this.colours.ground;
      pen.fillRect(0, 0, side, side);
      this.drawLinks(pen, round, age);
    }
    Object.assign(this.drawn, { state, tick, age });
    this.drawArrived(pen, arrived, round);
  }

  // How far links have come up since the round opened, 0 to 1.
  age(tick, round) {
    const opened = this.network.opened[round], lasts = this.network.closed[round] - opened;
    return lasts ? Math.min(1, (tick - opened) / (FADE * lasts)) : 1;
  }

  at(device) {
    return [this.places[2 * device], this.places[2 * device + 1]];
  }

  concerns(a, b) {
    return this.followed === null || a === this.followed || b === this.followed;
  }

  // Each by itself: one path of all of them takes several times as long where there is no graphics card.
  lines(pen, pairs, colour, width, alpha, from = 0, to = 1) {
    Object.assign(pen, { strokeStyle: colour, lineWidth: width, globalAlpha: alpha });
    for (const [a, b] of pairs) {
      const [x, y] = this.at(a), [u, v] = this.at(b);
      pen.beginPath();
      pen.moveTo(x + from * (u - x), y + from * (v - y));
      pen.lineTo(x + to * (u - x), y + to * (v - y));
      pen.stroke();
    }
    pen.globalAlpha = 1;
  }

  // Links of the round; new ones come up and old ones go within its first part, unless all places are new.
  drawLinks(pen, round, age) {
    const { network, colours } = this, code = ([a, b]) => a * network.devices + b;
    const now = network.links(round), before = round && !network.redraws ? network.links(round - 1) : [];
    const was = new Set(before.map(code)), is = new Set(now.map(code)), crowd = this.crowd(round);
    const strength = this.followed === null ? 0.25 + 0.6 * crowd : 0.9, wide = 0.6 + 0.7 * crowd;
    const draw = (pairs, part) =>
      this.lines(pen, pairs.filter((pair) => this.concerns(...pair)), colours.link, wide, part * strength);
    draw(now.filter((pair) => was.has(code(pair))), 1);
    draw(now.filter((pair) => !was.has(code(pair))), network.redraws ? 1 : age);
    if (age < 1 && network.hasLinks(round)) draw(before.filter((pair) => !is.has(code(pair))), 1 - age);
    const oneWay = network.links(round, "one").filter((pair) => this.concerns(...pair));
    pen.setLineDash([5, 4]);
    this.lines(pen, oneWay, colours.one, 1.1, 0.9);
    pen.setLineDash([]);
    this.drawHeads(pen, oneWay);
  }

  // From 1 for few links to less for many, that they do not hide each other.
  crowd(round) {
    const { network } = this, links = this.followed === null ? network.two_count[round] : 0;
    return Math.max(0.3, Math.min(1, 160 / Math.max(links, 1)));
  }

  // Arrow heads towards who hears.
  drawHeads(pen, pairs) {
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
  drawArrived(pen, arrived, round) {
    const { network } = this, fresh = [], crowd = this.crowd(round);
    for (const i of arrived) {
      const pair = [network.src[i], network.dst[i]], code = pair[0] * network.devices + pair[1];
      if (this.drawn.pairs.has(code) || !this.concerns(...pair)) continue;
      this.drawn.pairs.add(code);
      fresh.push(pair);
    }
    this.lines(pen, fresh, this.colours.arrived, 0.8 + 1.2 * crowd, 0.35 + 0.5 * crowd, 0.5, 1);
  }

  // A dot for each message, with a trail; what will be lost is hollow and comes half way. Returns who sends.
  drawFlying(flying, tick, still) {
    const { network, pen, colours } = this, sending = new Set();
    const crowd = Math.max(0.45, Math.min(1, Math.sqrt((this.side * 0.6) / Math.max(flying.length, 1))));
    const dot = crowd * Math.max(1.6, Math.min(4, 0.4 * this.radius));
    for (const i of flying) {
      const src = network.src[i], dst = network.dst[i], isLost = network.fate[i] !== 0;
      sending.add(src);
      if (!this.concerns(src, dst)) continue;
      const [x, y] = this.at(src), [u, v] = this.at(dst);
      const part = Math.min(1, (tick - network.start[i]) / Math.max(network.lasted[i], 1));
      const way = still ? 0.5 : isLost ? part / 2 : part, tail = Math.max(0, way - TRAIL);
      const size = dot * (0.55 + 0.45 * Math.sqrt(network.size[i] / network.largest));
      this.drawTrail(0.5 + 0.7 * crowd, [x + tail * (u - x), y + tail * (v - y)], [x + way * (u - x), y + way * (v - y)]);
      pen.beginPath();
      pen.arc(x + way * (u - x), y + way * (v - y), size, 0, 2 * Math.PI);
      pen.fillStyle = isLost ? colours.panel : colours.flying;
      pen.fill();
      if (isLost) {
        Object.assign(pen, { strokeStyle: colours.lost, lineWidth: 1.5 });
        pen.stroke();
      }
    }
    return sending;
  }

  // A message's trail.
  drawTrail(width, from, to) {
    const { pen } = this;
    Object.assign(pen, { strokeStyle: this.colours.flying, lineWidth: width, globalAlpha: 0.55 });
    pen.beginPath();
    pen.moveTo(...from);
    pen.lineTo(...to);
    pen.stroke();
    pen.globalAlpha = 1;
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
