// Many small maps. The cell that is pointed at tells its value, and shows on the picture what it sees.

const LEAST = 96; // screen pixels of a tile's side
const MOST = 150;
const GAP = 10;
const MINUS = "\u2212";
const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
const COLORS = ["red", "green", "blue"];

const grids = new WeakMap();

// Streamlit calls this at first sight, and again with the same element whenever data or theme change.
export default function mapGrid({ data, parentElement, setTriggerValue }) {
  let grid = grids.get(parentElement);
  if (!grid) {
    grid = new MapGrid(parentElement.querySelector(".map-grid"));
    grids.set(parentElement, grid);
  }
  grid.show(data, (index) => setTriggerValue("picked", index));
  return () => {
    if (parentElement.isConnected) return; // the cleanup of a call that a newer one has overtaken
    grids.get(parentElement)?.close();
    grids.delete(parentElement);
  };
}

function element(name, className = "", text = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

function decode(text) {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = letters.charCodeAt(at);
  return bytes;
}

function pixel(red, green, blue) {
  return (255 << 24) | (blue << 16) | (green << 8) | red;
}

// Bytes (N, 3) as N pixels of an ImageData.
function pixelsOf(bytes) {
  return Uint32Array.from({ length: bytes.length / 3 }, (_, k) => pixel(...bytes.subarray(3 * k, 3 * k + 3)));
}

// The step from 0 to `ends` that a value has on a scale up to `limit`.
function code(value, limit, ends) {
  return limit ? Math.floor((value / limit) * ends + 0.5) : 0;
}

function shown(value) {
  if (Number.isNaN(value)) return "not a number";
  const size = Math.abs(value);
  let words = "infinite";
  if (size >= 1e4 && size < 1e9) words = Math.round(size).toLocaleString("en");
  else if (Number.isFinite(size)) words = String(Number(size.toPrecision(4)));
  return value < 0 ? MINUS + words : words;
}

function span(noun, { first, last }) {
  return first === last ? `${noun} ${first}` : `${noun}s ${first} to ${last}`;
}

// One map: a canvas with a pixel a cell, drawn once, and below it the words.
class Tile {
  constructor(index) {
    this.root = element("div", "tile");
    Object.assign(this.root, { tabIndex: 0, role: "img" });
    this.root.dataset.index = index;
    this.map = element("div", "map");
    this.canvas = element("canvas");
    this.map.append(this.canvas);
    this.words = ["label", "range", "detail"].map((name) => element("span", name));
    this.root.append(this.map, ...this.words);
  }

  show(data, colors) {
    const same = ["values", "colors", "palette", "limit"].every((key) => this.data?.[key] === data[key]);
    const drawn = same && String(this.data.shape) === String(data.shape);
    this.data = data;
    [this.rows, this.columns, this.channels = 1] = data.shape;
    const texts = [data.label, data.range, data.detail];
    this.words.forEach((place, k) => { if (place.textContent !== texts[k]) place.textContent = texts[k]; });
    this.root.setAttribute("aria-label", texts.filter(Boolean).join(", "));
    if (!drawn) this.draw(colors);
  }

  draw(colors) {
    const { data, canvas, rows, columns, channels } = this;
    this.values = new Float32Array(decode(data.values).buffer);
    if (canvas.width !== columns || canvas.height !== rows) [canvas.width, canvas.height] = [columns, rows];
    const image = new ImageData(columns, rows);
    const pixels = new Uint32Array(image.data.buffer);
    if (data.colors) {
      pixels.set(pixelsOf(decode(data.colors)));
    } else {
      for (let at = 0; at < pixels.length; at += 1) pixels[at] = this.colorAt(at, colors);
    }
    canvas.getContext("2d").putImageData(image, 0, 0);
  }

  // The same arithmetic as in core/figures/map_grid.py.
  colorAt(at, { tables, notFinite }) {
    const { data, values, columns, channels } = this;
    for (let k = at * channels; k < (at + 1) * channels; k += 1) {
      if (!Number.isFinite(values[k])) return notFinite[(Math.floor(at / columns) + (at % columns)) % 2];
    }
    if (channels === 3) {
      return pixel(...[0, 1, 2].map((k) => 128 + code(values[3 * at + k], data.limit, 127)));
    }
    const table = tables[data.palette];
    const signed = data.palette === "diverging";
    return table[signed ? 128 + code(values[at], data.limit, 127) : code(values[at], data.limit, 255)];
  }

  valuesAt(at) {
    return this.values.subarray(at * this.channels, (at + 1) * this.channels);
  }

  // `side` screen pixels for the longer side.
  fit(side) {
    const longer = Math.max(this.rows, this.columns);
    this.map.style.width = `${(side * this.columns) / longer}px`;
    this.map.style.height = `${(side * this.rows) / longer}px`;
    this.canvas.classList.toggle("shrunk", longer > side * devicePixelRatio);
  }

  cellAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const row = Math.floor(((event.clientY - box.top) / box.height) * this.rows);
    const column = Math.floor(((event.clientX - box.left) / box.width) * this.columns);
    return row >= 0 && row < this.rows && column >= 0 && column < this.columns ? [row, column] : null;
  }

  wordsAt(row, column) {
    const values = [...this.valuesAt(row * this.columns + column)].map(shown);
    return values.length === 1 ? values[0] : values.map((value, k) => `${COLORS[k]} ${value}`).join(", ");
  }
}

class MapGrid {
  constructor(root) {
    Object.assign(this, { root, tiles: [], at: null });
    this.side = element("div", "side");
    this.picture = element("div", "picture");
    this.image = element("img");
    this.image.alt = "The picture that the network received";
    this.field = element("i", "field");
    this.picture.append(this.image, this.field);
    this.words = element("p", "words");
    this.words.setAttribute("role", "status");
    this.place = element("span", "place");
    this.value = element("b");
    this.joint = element("span", "joint");
    this.sees = element("span");
    this.words.append(this.place, this.value, this.joint, this.sees);
    this.legend = element("div", "legend");
    this.side.append(this.picture, this.words, this.legend);
    this.maps = element("div", "tiles");
    this.cell = element("i", "cell");
    root.replaceChildren(this.side, this.maps);
    this.listen();
    this.resizing = new ResizeObserver(() => this.layOut());
    this.resizing.observe(this.maps);
  }

  close() {
    this.resizing.disconnect();
  }

  show(data, send) {
    Object.assign(this, { data, send });
    const tables = Object.entries(data.tables).map(([name, text]) => [name, pixelsOf(decode(text))]);
    const notFinite = data.notFinite.map((color) => pixel(...color));
    this.colors = { tables: Object.fromEntries(tables), notFinite };
    while (this.tiles.length > data.tiles.length) this.tiles.pop().root.remove();
    while (this.tiles.length < data.tiles.length) {
      const tile = new Tile(this.tiles.length);
      this.tiles.push(tile);
      this.maps.append(tile.root);
    }
    this.tiles.forEach((tile, index) => tile.show(data.tiles[index], this.colors));
    this.root.classList.toggle("picks", data.picks);
    this.root.classList.toggle("detailed", data.tiles.some((tile) => tile.detail));
    this.showPicture();
    this.showLegend();
    this.frame(data.picked);
    this.layOut();
    if (this.at) this.pointAt(this.at.index, this.at.row, this.at.column);
    else this.forget();
  }

  showPicture() {
    const { picture } = this.data;
    this.root.classList.toggle("pictured", Boolean(picture));
    if (!picture || this.image.src === picture.url) return;
    Object.assign(this.image, { src: picture.url, width: picture.width, height: picture.height });
    this.image.classList.toggle("small", picture.width < 160);
  }

  showLegend() {
    const { palette, ends, note, notFinite } = this.data.legend;
    const parts = [];
    if (palette) {
      const bar = element("canvas", "bar");
      const table = this.colors.tables[palette];
      [bar.width, bar.height] = [table.length, 1];
      const pixels = new ImageData(new Uint8ClampedArray(table.buffer), table.length, 1);
      bar.getContext("2d").putImageData(pixels, 0, 0);
      const scale = element("div", "ends");
      scale.append(...ends.map((end) => element("span", "", end)));
      parts.push(bar, scale);
    }
    if (note) parts.push(element("span", "note", note));
    if (notFinite) parts.push(element("span", "lost", "NaN or infinite"));
    this.legend.replaceChildren(...parts);
    const [one, other] = this.data.notFinite.map((color) => `rgb(${color.join(" ")})`);
    this.legend.style.setProperty("--lost", `repeating-conic-gradient(${one} 0 25%, ${other} 0 50%)`);
  }

  // Sides that are whole numbers of the screen's pixels a cell, and fill the width best.
  layOut() {
    const room = this.maps.clientWidth;
    if (!room || !this.tiles.length) return;
    const longer = Math.max(...this.tiles.map((tile) => Math.max(tile.rows, tile.columns)));
    let best = { filled: 0, side: Math.min(LEAST, room), columns: 1 };
    for (let columns = 1; columns <= Math.ceil(room / LEAST); columns += 1) {
      const most = Math.min(MOST, Math.floor((room + GAP) / columns) - GAP);
      const whole = Math.floor((most * devicePixelRatio) / longer) * (longer / devicePixelRatio);
      const side = whole >= LEAST ? whole : most;
      const filled = side * Math.min(columns, this.tiles.length) * (whole >= LEAST ? 1.15 : 1);
      if (side >= LEAST && filled >= best.filled) best = { filled, side, columns };
    }
    this.maps.classList.toggle("row", this.tiles.length <= best.columns);
    if (best.side !== this.fitted) this.maps.style.setProperty("--side", `${best.side}px`);
    this.fitted = best.side;
    this.tiles.forEach((tile) => tile.fit(best.side));
  }

  listen() {
    const tileOf = (event) => this.tiles[event.target.closest?.(".tile")?.dataset.index];
    const indexOf = (event) => Number(event.target.closest(".tile").dataset.index);
    const point = (event) => {
      const cell = tileOf(event)?.cellAt(event);
      if (cell) this.pointAt(indexOf(event), ...cell);
    };
    this.maps.addEventListener("pointermove", point);
    this.maps.addEventListener("pointerdown", point);
    this.maps.addEventListener("pointerleave", ({ pointerType }) => {
      if (pointerType !== "touch") this.forget(); // what a finger has pointed at stays
    });
    this.maps.addEventListener("click", (event) => tileOf(event) && this.pick(indexOf(event)));
    this.maps.addEventListener("focusin", (event) => {
      const index = indexOf(event);
      if (this.at?.index === index || !event.target.matches(":focus-visible")) return;
      const { row, column } = this.from(index);
      this.pointAt(index, row, column);
    });
    this.maps.addEventListener("keydown", (event) => this.key(event, indexOf(event)));
  }

  key(event, index) {
    const move = MOVES[event.key];
    const { row, column } = this.from(index);
    if (move) this.pointAt(index, row + move[0], column + move[1]);
    else if (event.key === "Enter" || event.key === " ") this.pick(index);
    else return;
    event.preventDefault();
  }

  // Where the keys go on from: the cell that was pointed at last, in whichever map, or the middle.
  from(index) {
    const { rows, columns } = this.tiles[index];
    return this.last ?? { row: Math.floor(rows / 2), column: Math.floor(columns / 2) };
  }

  pick(index) {
    if (!this.data.picks) return;
    this.frame(index);
    this.send(index);
  }

  frame(picked) {
    this.tiles.forEach((tile, index) => {
      if (index === picked) tile.root.setAttribute("aria-current", "true");
      else tile.root.removeAttribute("aria-current");
    });
  }

  // Tell of one cell, or of the nearest where the map has no such row or column.
  pointAt(index, row, column) {
    const tile = this.tiles[index];
    if (!tile) return this.forget();
    row = Math.max(0, Math.min(row, tile.rows - 1));
    column = Math.max(0, Math.min(column, tile.columns - 1));
    this.at = this.last = { index, row, column };
    const { style } = this.cell;
    [style.left, style.width] = [`${(100 * column) / tile.columns}%`, `${100 / tile.columns}%`];
    [style.top, style.height] = [`${(100 * row) / tile.rows}%`, `${100 / tile.rows}%`];
    if (this.cell.parentElement !== tile.map) tile.map.append(this.cell);
    this.words.classList.remove("hint");
    this.place.textContent = `${tile.data.label}, row ${row}, column ${column}: `;
    this.value.textContent = tile.wordsAt(row, column);
    this.see(row, column);
  }

  see(row, column) {
    const { sight, picture } = this.data;
    const [rows, columns] = sight ? [sight[0][row], sight[1][column]] : [];
    const seen = Boolean(rows && columns);
    this.picture.classList.toggle("seen", seen);
    this.joint.textContent = sight ? "; " : "";
    this.sees.textContent = sight ? "sees no pixel of the picture" : "";
    if (!seen) return;
    const padding = rows.beyond || columns.beyond ? ", and padding" : "";
    this.sees.textContent = `sees ${span("row", rows)}, ${span("column", columns)} of the picture${padding}`;
    const share = (pixels, size) => `${(100 * pixels) / size}%`;
    Object.assign(this.field.style, {
      left: share(columns.first, picture.width),
      top: share(rows.first, picture.height),
      width: share(columns.last - columns.first + 1, picture.width),
      height: share(rows.last - rows.first + 1, picture.height),
    });
  }

  forget() {
    this.at = null;
    this.cell.remove();
    this.picture.classList.remove("seen");
    this.words.classList.add("hint");
    const more = this.data.sight ? ", and to see on the picture what it depends on" : "";
    this.place.textContent = `Point at a cell to read its value${more}.`;
    for (const part of [this.value, this.joint, this.sees]) part.textContent = "";
  }
}
