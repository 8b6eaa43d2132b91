// The recorded network: what is true of it at an instant. Times are in ticks since the first round opened.

class Network {
  constructor(data, columns) {
    Object.assign(this, data, columns); // fields of testbed/page/replay.py
    this.end = this.closed[this.rounds - 1];
    this.firstTwo = offsets(this.two_count);
    this.firstOne = offsets(this.one_count);
    this.lastEnd = new Int32Array(this.start.length); // of this message and all that started before it
    let last = 0;
    for (let i = 0; i < this.start.length; i++) {
      last = Math.max(last, this.start[i] + this.lasted[i]);
      this.lastEnd[i] = last;
    }
    [this.worst, this.best] = extremes(this.accuracy);
    this.carryForward();
    this.means = Array.from({ length: this.rounds }, (_, round) => this.meanAccuracy(round));
  }

  static async of(data) {
    const parts = await Promise.all(data.parts.map(unpacked));
    return new Network(data, Object.assign({}, ...parts));
  }

  roundAt(tick) {
    return Math.max(0, Math.min(this.rounds, countUpTo(this.opened, tick)) - 1);
  }

  // Place along the side of the map, 0 to 1; y grows upwards.
  placesAt(tick, round) {
    const next = Math.min(round + 1, this.rounds - 1), span = this.opened[next] - this.opened[round];
    const part = this.glides && span > 0 ? Math.min(1, (tick - this.opened[round]) / span) : 0;
    const places = new Float64Array(2 * this.devices);
    for (let device = 0; device < this.devices; device++) {
      const here = device * this.rounds + round, there = device * this.rounds + next;
      places[2 * device] = (this.x[here] + part * (this.x[there] - this.x[here])) / this.fine;
      places[2 * device + 1] = (this.y[here] + part * (this.y[there] - this.y[here])) / this.fine;
    }
    return places;
  }

  state(device, round) {
    return this.states[this.condition[device * this.rounds + round]];
  }

  // The round whose evaluation is the last one known at an instant, -1 before the first.
  evaluatedAt(tick) {
    return countUpTo(this.closed, tick) - 1;
  }

  // Until a device is evaluated again, it has the accuracy of the last time.
  carryForward() {
    for (let i = 0; i < this.accuracy.length; i++) {
      if (this.accuracy[i] < 0 && i % this.rounds) this.accuracy[i] = this.accuracy[i - 1];
    }
  }

  // What a device reached in the last evaluation up to a round, 0 to 1; null before the first.
  accuracyOf(device, round) {
    const value = round < 0 ? -1 : this.accuracy[device * this.rounds + round];
    return value < 0 ? null : value / this.share;
  }

  meanAccuracy(round) {
    let sum = 0, count = 0;
    for (let device = 0; device < this.devices; device++) {
      const value = this.accuracyOf(device, round);
      if (value !== null) [sum, count] = [sum + value, count + 1];
    }
    return count ? sum / count : null;
  }

  // Pairs of a round: [a, b] of links both ways, or [src, dst] of those one way.
  links(round, kind = "two") {
    const first = kind === "two" ? this.firstTwo : this.firstOne, pairs = [];
    for (let i = first[round]; i < first[round + 1]; i++) {
      pairs.push([Math.floor(this[kind][i] / this.devices), this[kind][i] % this.devices]);
    }
    return pairs;
  }

  // Messages on the air at an instant (or at any since another one), and those that arrived in its round before.
  messagesAt(tick, round, since = tick) {
    const flying = [], arrived = [], opened = this.opened[round];
    for (let i = countUpTo(this.start, tick) - 1; i >= 0 && this.lastEnd[i] >= Math.min(opened, since); i--) {
      const end = this.start[i] + this.lasted[i];
      if (end > since) flying.push(i);
      if (end <= tick && this.fate[i] === 0 && (end > opened || this.start[i] >= opened)) arrived.push(i);
    }
    return { flying, arrived };
  }

  hasMessages(round) {
    return this.every.messages > 0 && round % this.every.messages === 0;
  }

  hasLinks(round) {
    return this.every.links > 0 && round % this.every.links === 0;
  }
}

function offsets(counts) {
  const sums = new Int32Array(counts.length + 1);
  counts.forEach((count, i) => { sums[i + 1] = sums[i] + count; });
  return sums;
}

// How many of the ascending numbers are not above a value.
function countUpTo(numbers, value) {
  let low = 0, high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function extremes(accuracy) {
  let low = Infinity, high = -Infinity;
  for (const value of accuracy) {
    if (value < 0) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}
