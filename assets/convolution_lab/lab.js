// The lab: the maps side by side, the lens, and the controls; plays, and answers to pointer and keys.

const NARROW = 560; // screen pixels: below, the lens stands under the maps
const ROOMY = 800; // from here on a short sum stands in the lens
const SHORT_SUM = 9; // weights
const GAP = 20;
const INSIDE = 300; // screen pixels of a lens with its sum
const LEAST_ROOM = 320; // screen pixels for the height of a map, and more where the window is tall
const MOST_ROOM = 480;
const ABOVE_AND_BELOW = 480;
const SMALLEST = 72; // a map is drawn larger than to scale rather than smaller than this
const PATIENCE = 70; // milliseconds between two texts of the lens while it plays
const SPEEDS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000]; // windows a second
const SWEEP = 12; // seconds that one sweep should take, unless the speed is set by hand
const ICONS = {
  start: "M6 5h2.4v14H6zM19 5v14L9.5 12z",
  back: "M15.5 5v14L5 12zM17 5h2.4v14H17z",
  play: "M7 4.5v15L20 12z",
  pause: "M6.5 5h4v14h-4zM13.5 5h4v14h-4z",
  next: "M8.500 5v14L19 12zM4.600 5H7v14H4.600z",
};

function icon(name) {
  return `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${ICONS[name]}"/></svg>`;
}

class Lab {
  constructor(root, host) {
    Object.assign(this, { root, host, views: [], playing: false, done: 0, frames: 0, hover: null, speed: null });
    this.maps = element("div", "maps");
    this.lens = new Lens((weights) => this.edit?.(weights));
    this.hint = element("p", "hint");
    this.buildControls();
    this.below = element("div", "below");
    root.replaceChildren(this.controls, this.maps, this.below, this.hint);
    this.resizing = new ResizeObserver(() => this.scene && this.width !== this.root.clientWidth && this.layOut());
    this.resizing.observe(root);
  }

  buildControls() {
    this.controls = element("div", "controls");
    const button = (name, words, act) => {
      const made = element("button");
      made.type = "button";
      made.innerHTML = icon(name);
      made.setAttribute("aria-label", words);
      made.title = words;
      made.addEventListener("click", act);
      this.controls.append(made);
      return made;
    };
    button("start", "To the start", () => this.stopAt(1));
    button("back", "Step back", () => this.stopAt(this.done - 1));
    this.toggle = button("play", "Play", () => (this.playing ? this.pause() : this.play()));
    this.toggle.classList.add("primary");
    button("next", "Step", () => this.stopAt(this.done >= this.count ? 1 : this.done + 1));
    this.scrub = this.slider("Position", 1, 1, (to) => this.stopAt(to));
    this.place = element("output");
    this.pace = this.slider("Speed", 0, SPEEDS.length - 1, (to) => { this.speed = SPEEDS[to]; this.sayPlace(); });
    this.rate = element("output", "rate");
    const label = element("label", "pace", "Speed ");
    label.append(this.pace, this.rate);
    this.controls.append(this.scrub, this.place, label);
  }

  slider(words, low, high, act) {
    const made = element("input");
    Object.assign(made, { type: "range", min: low, max: high });
    made.setAttribute("aria-label", words);
    made.addEventListener("input", () => act(Number(made.value)));
    return made;
  }

  // Take a new scene; position and play go on where they were.
  show(data, edit) {
    const share = this.scene ? this.done / this.count : 1;
    this.scene = readScene(data);
    this.edit = edit;
    const [driver] = this.scene.drivers;
    this.count = driver.height * driver.width;
    this.done = Math.max(1, Math.min(this.count, Math.round(share * this.count)));
    this.hover = null;
    this.dim = this.scene.kind === "pooling" && this.dim;
    this.selected = this.chosen(driver);
    this.scrub.max = this.count;
    if (this.views.length !== this.scene.maps.length || this.kind !== this.scene.kind) this.buildMaps();
    this.layOut();
  }

  // The pixel to look at first: the one that was computed last, or in a whole map one in its middle.
  chosen(driver) {
    const at = this.done < this.count ? this.done - 1
      : Math.floor(driver.height / 2) * driver.width + Math.floor(driver.width / 2);
    return { map: driver.index, row: Math.floor(at / driver.width), column: at % driver.width };
  }

  buildMaps() {
    this.kind = this.scene.kind;
    this.root.dataset.kind = this.kind;
    this.views = this.scene.maps.map((_, index) => new MapView(index));
    const figures = this.views.map((view) => view.figure);
    const [input, ...outputs] = figures;
    if (this.kind === "convolution") {
      this.maps.replaceChildren(input, this.lens.root, ...outputs);
    } else {
      this.outputs = element("div", "maps");
      this.outputs.append(...outputs);
      this.beside = element("div", "beside");
      this.beside.append(this.outputs);
      this.maps.replaceChildren(input, ...(this.kind === "pooling" ? [this.beside] : outputs));
      this.below.prepend(this.lens.root);
    }
    this.views.forEach((view, index) => this.listen(view.overlay, view, index));
    this.hint.replaceChildren();
    if (this.kind === "pooling") {
      const box = element("input");
      Object.assign(box, { type: "checkbox", checked: this.dim });
      box.addEventListener("change", () => { this.dim = box.checked; this.light(); });
      const label = element("label");
      label.append(box, element("span", "kept"));
      this.hint.append(label);
    }
  }

  listen(overlay, view, index) {
    const point = (event) => this.pointAt(view.cellAt(event), index);
    overlay.addEventListener("pointermove", point);
    overlay.addEventListener("pointerdown", point);
    overlay.addEventListener("pointerleave", ({ pointerType }) => {
      if (pointerType === "touch") return; // what a finger has pointed at stays
      this.hover = null;
      this.light();
    });
    overlay.addEventListener("keydown", (event) => this.key(event, index));
  }

  pointAt(cell, index) {
    const map = this.scene.maps[index];
    if (!cell) return;
    const spot = { map: index, row: cell.row - map.padding[0], column: cell.column - map.padding[1] };
    if (this.hover && Object.keys(spot).every((key) => spot[key] === this.hover[key])) return;
    this.hover = spot;
    if (map.from !== null && !this.playing) this.selected = spot;
    this.light();
  }

  key(event, index) {
    const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    if (event.key === " ") {
      event.preventDefault();
      if (this.playing) this.pause(); else this.play();
    }
    if (!moves[event.key]) return;
    event.preventDefault();
    this.pause();
    const map = this.scene.maps[index];
    const from = [this.hover, this.selected].find((spot) => spot?.map === index) ?? { row: 0, column: -1 };
    const [down, right] = moves[event.key];
    const within = (at, pad, size) => Math.max(-pad, Math.min(size + pad - 1, at));
    const row = within(from.row + down, map.padding[0], map.height);
    this.pointAt({ row: row + map.padding[0],
      column: within(from.column + right, map.padding[1], map.width) + map.padding[1] }, index);
  }

  layOut() {
    this.width = this.root.clientWidth;
    if (!this.width) return;
    const theme = readTheme(this.host);
    this.root.style.colorScheme = theme.light ? "light" : "dark";
    this.lens.build(this.scene, theme);
    const wide = this.width >= NARROW;
    const weights = this.scene.kernel?.weights.flat(2).length;
    const inside = this.kind === "convolution" && this.width >= ROOMY && weights <= SHORT_SUM;
    this.lens.root.classList.toggle("inside", inside);
    (inside ? this.lens.root : this.below).append(this.lens.sum);
    if (wide && this.kind === "pooling") this.beside.append(this.below); else this.maps.after(this.below);
    const lens = inside ? INSIDE : this.lens.root.offsetWidth;
    const beside = wide && this.kind === "convolution" ? lens + GAP : 0;
    const { maps } = this.scene;
    const rows = Math.max(...maps.map((map) => map.rowSource.length));
    const fit = (line) => (this.width - beside - GAP * (line.length - 1) - 4)
      / line.reduce((sum, map) => sum + map.columnSource.length, 0);
    const tallest = Math.max(LEAST_ROOM, Math.min(MOST_ROOM, window.innerHeight - ABOVE_AND_BELOW));
    let side = Math.min(tallest / rows, ...this.lines(wide).map(fit));
    if (side >= 6) side = Math.floor(side);
    this.views.forEach((view, index) => {
      const map = this.scene.maps[index];
      view.draw(map, Math.max(side, Math.min(SMALLEST / map.columnSource.length, 40)), theme);
      if (map.from === null) view.reveal();
    });
    const kept = this.hint.querySelector(".kept") ?? this.hint;
    kept.textContent = this.scene.kept ?? this.scene.note ?? "";
    this.pace.value = this.paceAt();
    this.revealUpTo(this.done, 0);
    this.light();
  }

  // Which maps stand beside each other.
  lines(wide) {
    const { maps } = this.scene;
    if (wide || this.kind === "convolution") return [maps];
    const first = this.kind === "pooling" ? 1 : 2;
    return [maps.slice(0, first), maps.slice(first)];
  }

  paceAt() {
    const wanted = this.speed ?? this.count / SWEEP;
    return SPEEDS.reduce((best, speed, at) =>
      (Math.abs(Math.log(speed / wanted)) < Math.abs(Math.log(SPEEDS[best] / wanted)) ? at : best), 0);
  }

  // Show outputs `from` to `to` as computed, and in maps between them and the input what they were made of.
  revealUpTo(to, from) {
    const outputs = this.views.filter((view) => view.map.from !== null);
    if (from === 0) outputs.forEach((view) => view.hide());
    if (to >= this.count) outputs.forEach((view) => view.reveal());
    const { width } = this.scene.drivers[0];
    for (let at = from; at < to && to < this.count;) {
      const row = Math.floor(at / width);
      const end = Math.min(to, (row + 1) * width);
      const region = { rows: [row], columns: span(at - row * width, end - at) };
      for (let map of this.scene.drivers) {
        for (let part = region; map.from !== null; map = map.parent) {
          this.views[map.index].reveal(part);
          part = under(map, part);
        }
      }
      at = end;
    }
    this.done = to;
    this.scrub.value = to;
    this.sayPlace();
  }

  sayPlace() {
    this.place.textContent = `${this.done.toLocaleString("en")} of ${this.count.toLocaleString("en")}`;
    this.rate.textContent = `${SPEEDS[this.pace.value].toLocaleString("en")}/s`;
    this.root.dataset.done = this.done;
    for (const range of [this.scrub, this.pace]) {
      range.style.setProperty("--share", (range.value - range.min) / Math.max(1, range.max - range.min));
    }
  }

  moveTo(to) {
    const aim = Math.max(1, Math.min(this.count, Math.floor(to)));
    if (aim !== this.done) this.revealUpTo(aim, aim > this.done ? this.done : 0);
    const { width, index } = this.scene.drivers[0];
    this.selected = { map: index, row: Math.floor((aim - 1) / width), column: (aim - 1) % width };
    this.light();
  }

  stopAt(to) {
    this.pause();
    this.hover = null;
    this.moveTo(to);
  }

  play() {
    this.hover = null;
    if (this.done >= this.count) this.moveTo(1);
    this.setPlaying(true);
    this.exact = this.done;
    this.last = performance.now();
    const frame = (now) => {
      if (!this.playing) return;
      this.exact += (SPEEDS[this.pace.value] * Math.min(200, now - this.last)) / 1000;
      this.last = now;
      this.frames += 1;
      this.root.dataset.frames = this.frames;
      this.moveTo(this.exact);
      if (this.done >= this.count) this.pause(); else this.next = requestAnimationFrame(frame);
    };
    cancelAnimationFrame(this.next); // of a play that was paused just now
    this.next = requestAnimationFrame(frame);
  }

  pause() {
    this.setPlaying(false);
    if (this.scene) this.light();
  }

  setPlaying(playing) {
    this.playing = playing;
    this.toggle.innerHTML = icon(playing ? "pause" : "play");
    this.toggle.setAttribute("aria-label", playing ? "Pause" : "Play");
    this.toggle.title = playing ? "Pause" : "Play";
    this.lens.sum.setAttribute("aria-live", playing ? "off" : "polite");
  }

  // Light up the pixel that is looked at, what made it, and what it goes into.
  light() {
    const spot = this.hover ?? this.selected;
    const map = this.scene.maps[spot.map];
    const regions = traced(map, regionOf(map, spot.row, spot.column));
    const twins = this.twins(map);
    for (const twin of twins) regions[twin.index] = regions[map.index];
    const lit = [...twins];
    for (let at = map; at; at = at.parent) lit.push(at);
    const winners = this.winners(map, spot);
    this.views.forEach((view, index) => {
      view.light(regions[index], lit.includes(view.map) ? LIT : REACHED, this.dim, winners[index]);
    });
    const now = performance.now();
    if (this.playing && now - (this.told ?? 0) < PATIENCE) return;
    this.told = now;
    const looked = this.scene.maps[this.selected.map];
    this.lens.show(this.places(looked, this.selected.row, this.selected.column));
    if (map.from === null) this.sayReached(map, spot, regions);
  }

  // The outputs that are made beside `map` from the same windows, such as maximum and mean.
  twins(map) {
    return this.scene.drivers.includes(map) ? this.scene.drivers : [];
  }

  // The pixel, by map index, that won each window on the way down from `spot`.
  winners(map, { row, column }) {
    const found = {};
    let place = [row, column];
    for (let at = map; at.parent && at.step !== "sum"; at = at.parent) {
      const taps = windowUnder(at, ...place).flat();
      place = taps[at.step === "max" ? winnerOf(taps) : 0].from;
      if (at.step !== "mean") found[at.parent.index] = place;
    }
    return found;
  }

  // For each part of the lens the output pixel whose window it shows.
  places(map, row, column) {
    const found = { ...this.winners(map, { row, column }), [map.index]: [row, column] };
    for (const twin of this.twins(map)) found[twin.index] = [row, column];
    const regions = traced(map, regionOf(map, row, column));
    return this.scene.lens.map((index) => {
      if (found[index]) return found[index];
      const region = regions[index];
      return region?.rows.length && region.columns.length ? [region.rows[0], region.columns[0]] : null;
    });
  }

  sayReached(map, { row, column }, regions) {
    const inside = row >= 0 && column >= 0 && row < map.height && column < map.width;
    const values = inside ? span(0, map.channels).map((channel) => value(map, channel, row, column)).join(", ") : "";
    const { rows, columns } = regions[map.children[0].index];
    const count = rows.length * columns.length;
    const reach = count === 0 ? "no window ever covers it"
      : count === 1 ? "one window covers it" : `${count} windows cover it: it goes into ${count} outputs`;
    const name = inside ? `input[${row}, ${column}] = ${values}` : `padding at [${row}, ${column}]`;
    const line = element("div", "line");
    line.append(element("span", "name", name), element("b", "result", reach));
    this.lens.sum.replaceChildren(line);
  }

  close() {
    this.playing = false;
    this.resizing.disconnect();
    this.root.replaceChildren();
  }
}
