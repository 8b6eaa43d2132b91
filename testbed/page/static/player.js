// Time: the slider, play and pause, keys, and the words for what is drawn.

const STEPS = 20, ROUND_S = 2.5, SAID_EVERY_MS = 5000, STILL_MS = 1000;

class Player {
  constructor(root, network) {
    const find = (name) => root.querySelector(`[data-part="${name}"]`);
    Object.assign(this, { root, network, find, tick: 0, isPlaying: false, last: 0, said: 0 });
    this.scene = new Scene(find("canvas"), network);
    this.strip = new Strip(find("strip"), network);
    this.legend = new Legend(find("legend"), network);
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.offerSpeeds();
    this.offerDevices();
    this.listen();
    this.show();
    this.say();
  }

  get round() {
    return this.network.roundAt(this.tick);
  }

  // By default a round of median length takes ROUND_S seconds.
  offerSpeeds() {
    const { network } = this, select = this.find("speed");
    const lengths = [...network.closed].map((closed, i) => closed - network.opened[i]).sort((a, b) => a - b);
    const wanted = ((lengths[lengths.length >> 1] || 1) * network.tick_s) / ROUND_S;
    const speeds = [...series(1e-9, 1e9)].filter((speed) => speed > wanted / 60 && speed < wanted * 60);
    const nearest = speeds.reduce((a, b) => (Math.abs(Math.log(b / wanted)) < Math.abs(Math.log(a / wanted)) ? b : a));
    speeds.forEach((speed) => select.add(new Option(`× ${speed}`, speed, speed === nearest, speed === nearest)));
  }

  offerDevices() {
    const select = this.find("follow");
    for (let device = 0; device < this.network.devices; device++) select.add(new Option(device, device));
  }

  listen() {
    const { find, root } = this;
    find("play").addEventListener("click", () => this.toggle());
    find("slider").addEventListener("input", (event) => this.seek(event.target.valueAsNumber));
    find("follow").addEventListener("change", (event) => this.follow(event.target.value));
    find("canvas").addEventListener("click", (event) => this.pick(event));
    root.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.redraw()).observe(find("canvas"));
    document.addEventListener("themechange", () => this.redraw());
    document.addEventListener("visibilitychange", () => { if (document.hidden) this.pause(); });
  }

  redraw() {
    this.scene.resize();
    this.show();
  }

  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("select, a, summary")) return;
    const step = Math.max(1, (this.network.closed[this.round] - this.network.opened[this.round]) / STEPS);
    const isButton = event.target.closest("button");
    const acts = {
      " ": () => { if (isButton) event.target.closest("button").click(); else this.toggle(); },
      ArrowRight: () => (event.shiftKey ? this.jump(1) : this.seek(this.tick + step)),
      ArrowLeft: () => (event.shiftKey ? this.jump(-1) : this.seek(this.tick - step)),
      ArrowUp: () => this.seek(this.tick + step),
      ArrowDown: () => this.seek(this.tick - step),
      PageUp: () => this.jump(1),
      PageDown: () => this.jump(-1),
      Home: () => this.seek(0),
      End: () => this.seek(this.network.end),
    };
    if (!(event.key in acts)) return;
    event.preventDefault();
    acts[event.key]();
  }

  // To where the next round opens, or this one, or the one before if this one has just opened.
  jump(by) {
    const { network, round } = this;
    const isOpening = this.tick === network.opened[round];
    const to = by > 0 ? round + 1 : round - (isOpening ? 1 : 0);
    this.seek(to >= network.rounds ? network.end : network.opened[Math.max(0, to)]);
  }

  toggle() {
    if (this.isPlaying) this.pause();
    else this.play();
  }

  play() {
    if (this.tick >= this.network.end) this.tick = 0;
    this.isPlaying = true;
    this.last = performance.now();
    this.nameButton();
    requestAnimationFrame((now) => this.frame(now));
  }

  pause() {
    this.isPlaying = false;
    this.nameButton();
    this.show();
    this.say();
  }

  nameButton() {
    this.find("play").textContent = this.isPlaying ? "Pause" : "Play";
    this.find("play").dataset.playing = this.isPlaying;
  }

  frame(now) {
    if (!this.isPlaying) return;
    const before = this.tick, passed = now - this.last;
    if (this.still.matches) {
      if (passed >= STILL_MS) {
        this.last = now;
        this.tick = this.round + 1 < this.network.rounds ? this.network.opened[this.round + 1] : this.network.end;
        this.show();
      }
    } else {
      this.last = now;
      this.tick += (Math.min(passed, 200) / 1000) * Number(this.find("speed").value) / this.network.tick_s;
      this.tick = Math.min(this.tick, this.network.end);
      this.show(before);
    }
    if (now - this.said > SAID_EVERY_MS) this.say();
    if (this.tick >= this.network.end) this.pause();
    else requestAnimationFrame((later) => this.frame(later));
  }

  seek(tick) {
    this.tick = Math.max(0, Math.min(this.network.end, tick));
    this.show();
    clearTimeout(this.saying);
    this.saying = setTimeout(() => this.say(), 400);
  }

  follow(value) {
    this.scene.followed = value === "" ? null : Number(value);
    this.find("follow").value = value;
    this.show();
    this.say();
  }

  pick(event) {
    const box = this.find("canvas").getBoundingClientRect();
    const device = this.scene.deviceAt(event.clientX - box.left, event.clientY - box.top);
    this.follow(device === null || device === this.scene.followed ? "" : String(device));
  }

  show(since = this.tick) {
    const { network, tick } = this;
    this.messages = this.scene.draw(tick, since, this.still.matches);
    this.strip.show(tick);
    this.legend.show(tick);
    const slider = this.find("slider");
    slider.max = network.end;
    slider.value = tick;
    slider.setAttribute("aria-valuetext", `${this.seconds()} s, ${network.word} ${this.round}`);
    for (const [name, value] of Object.entries(this.facts())) this.find(name).textContent = value;
  }

  seconds() {
    const { network } = this, total = network.end * network.tick_s;
    const digits = Math.max(0, Math.min(9, 3 - Math.floor(Math.log10(total || 1))));
    return (this.tick * network.tick_s).toFixed(digits);
  }

  facts() {
    const { network, round } = this, evaluated = network.evaluatedAt(this.tick);
    const share = (value) => (value === null || value === undefined ? "not yet" : value.toFixed(3));
    const knows = network.hasMessages(round), wanted = network.arrived[round] + network.lost[round];
    return {
      time: `${this.seconds()} s`,
      round: `${round} of 0 to ${network.rounds - 1}`,
      density: (network.density[round] / network.share).toFixed(3),
      flying: knows ? this.messages.flying.length : "not drawn",
      arrived: knows ? `${this.messages.arrived.length} of ${wanted}` : `${network.arrived[round]} of ${wanted} at its end`,
      lost: network.lost[round],
      mean: share(evaluated < 0 ? null : network.means[evaluated]),
      device: this.deviceWords(evaluated),
    };
  }

  deviceWords(evaluated) {
    const { network, round } = this, device = this.scene.followed;
    if (device === null) return "";
    const states = {
      linked: "", isolated: ", no link", partly: `, away for part of the ${network.word}`, away: `, away all the ${network.word}`,
    };
    const accuracy = network.accuracyOf(device, evaluated), { flying, arrived } = this.messages;
    const links = network.links(round).filter((pair) => pair.includes(device)).length;
    const count = (list, end) => list.filter((i) => network[end][i] === device).length;
    return `Device ${device}: accuracy ${accuracy === null ? "not yet measured" : accuracy.toFixed(3)}` +
      `${states[network.state(device, round)]}, ${links} links; of it ${count(flying, "src")} messages under way, ` +
      `to it ${count(flying, "dst")}; ${count(arrived, "dst")} have arrived in this ${network.word}.`;
  }

  // What the picture shows, in words, for who hears the page; not at every frame.
  say() {
    this.said = performance.now();
    const now = this.facts(), { word } = this.network;
    this.find("words").textContent =
      `${now.time}, ${word} ${now.round}: density ${now.density}, messages under way: ${now.flying}, arrived in this ` +
      `${word}: ${now.arrived}, lost in it: ${now.lost}, mean accuracy ${now.mean}. ${now.device}`;
  }
}
