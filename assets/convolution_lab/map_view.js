// One map on the screen: a picture of its values, drawn once, shown as far as it is computed, and above it
// a second canvas for what lights up.

const FEW = 26; // screen pixels that a cell needs to show its number
const LIT = "#E69F00"; // the window, and what it makes
const REACHED = "#CC79A7"; // where a pixel goes

function element(name, className = "", text = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

class MapView {
  constructor(index) {
    this.figure = element("figure", "map");
    this.caption = element("figcaption");
    this.canvas = element("canvas");
    this.overlay = element("canvas", "over");
    this.overlay.tabIndex = 0;
    this.overlay.dataset.map = index;
    this.stack = element("div", "stack");
    this.stack.append(this.canvas, this.overlay);
    this.scale = element("div", "scale");
    this.figure.append(this.caption, this.stack, this.scale);
    this.whole = document.createElement("canvas");
  }

  // Draw `map` anew, `side` screen pixels a cell; nothing of it is shown before `reveal`.
  draw(map, side, theme) {
    const cell = Math.max(1, Math.ceil(side * (window.devicePixelRatio || 1) - 0.01));
    Object.assign(this, { map, side, cell, theme, ratio: cell / side });
    this.rows = map.rowSource.length;
    this.columns = map.columnSource.length;
    const [width, height] = [this.columns * cell, this.rows * cell];
    for (const canvas of [this.canvas, this.overlay, this.whole]) {
      if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    }
    [this.stack.style.width, this.stack.style.height] = [`${this.columns * side}px`, `${this.rows * side}px`];
    this.drawWhole();
    this.describe();
    this.hide();
  }

  colorsAt(row, column) {
    const { map } = this;
    const [fromRow, fromColumn] = [map.rowSource[row], map.columnSource[column]];
    const values = [];
    for (let channel = 0; channel < map.channels; channel += 1) values.push(value(map, channel, fromRow, fromColumn));
    return { values, color: colorOf(map, this.theme, values) };
  }

  drawWhole() {
    const { map, cell, side, rows, columns } = this;
    const pixels = new ImageData(columns, rows);
    for (let row = 0, at = 0; row < rows; row += 1) {
      for (let column = 0; column < columns; column += 1, at += 4) {
        const { color } = this.colorsAt(row, column);
        for (let channel = 0; channel < 3; channel += 1) pixels.data[at + channel] = color[channel];
        pixels.data[at + 3] = 255;
      }
    }
    const small = new OffscreenCanvas(columns, rows);
    small.getContext("2d").putImageData(pixels, 0, 0);
    const paper = this.whole.getContext("2d");
    paper.imageSmoothingEnabled = false;
    paper.drawImage(small, 0, 0, columns * cell, rows * cell);
    this.drawPadding(paper);
    if (side >= FEW && map.channels === 1) this.drawNumbers(paper);
  }

  // Padding is veiled, so that what is picture and what is not can be told apart.
  drawPadding(paper) {
    const { map, cell, rows, columns } = this;
    const [top, left] = map.padding;
    if (!top && !left) return;
    const outside = new Path2D();
    outside.rect(0, 0, columns * cell, rows * cell);
    outside.rect(left * cell, top * cell, map.width * cell, map.height * cell);
    paper.save();
    paper.clip(outside, "evenodd");
    paper.fillStyle = this.theme.light ? "rgb(150 160 168 / 0.45)" : "rgb(70 82 92 / 0.5)";
    paper.fillRect(0, 0, columns * cell, rows * cell);
    paper.strokeStyle = this.theme.light ? "rgb(255 255 255 / 0.5)" : "rgb(255 255 255 / 0.16)";
    paper.beginPath();
    for (let at = -rows * cell; at < columns * cell; at += 7) {
      paper.moveTo(at, rows * cell);
      paper.lineTo(at + rows * cell, 0);
    }
    paper.stroke();
    paper.restore();
  }

  drawNumbers(paper) {
    const { cell, rows, columns } = this;
    paper.font = `${Math.round(cell * 0.34)}px ${this.theme.font}`;
    paper.textAlign = "center";
    paper.textBaseline = "middle";
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; column < columns; column += 1) {
        const { values, color } = this.colorsAt(row, column);
        paper.fillStyle = inkOn(color);
        paper.fillText(short(values[0]), (column + 0.5) * cell, (row + 0.52) * cell);
      }
    }
  }

  describe() {
    const { map } = this;
    const padding = Math.max(...map.padding);
    this.caption.replaceChildren(
      element("b", "", map.name),
      element("span", "", `${map.height} \u00d7 ${map.width}${padding ? ` + ${padding} around` : ""}`),
    );
    const at = map.from === null ? "arrow keys choose a pixel and say what it reaches" : "arrow keys move the window";
    this.overlay.setAttribute("aria-label", `${map.name}, ${map.height} by ${map.width} pixels; ${at}`);
    this.overlay.setAttribute("role", "application");
    const bar = element("i", "bar");
    const ends = map.look === "signed" ? [map.low < 0 ? -map.scale : 0, map.scale] : [0, 255];
    const steps = span(0, 9).map((k) => css(colorOf(map, this.theme, [ends[0] + ((ends[1] - ends[0]) * k) / 8])));
    bar.style.background = `linear-gradient(90deg, ${steps.join(",")})`;
    this.scale.replaceChildren(element("span", "", shown(ends[0], 0)), bar, element("span", "", shown(ends[1], 0)));
    this.scale.append(element("em", "", `values ${shown(map.low, 1)} to ${shown(map.high, 1)}`));
  }

  // Forget what was shown.
  hide() {
    const paper = this.canvas.getContext("2d");
    paper.fillStyle = this.theme.faint;
    paper.fillRect(0, 0, this.canvas.width, this.canvas.height);
  }

  // Show the cells of `region`, or all of them.
  reveal(region = null) {
    const paper = this.canvas.getContext("2d");
    if (!region) {
      paper.drawImage(this.whole, 0, 0);
      return;
    }
    const [left, top] = [region.columns[0] * this.cell, region.rows[0] * this.cell];
    const width = (region.columns.at(-1) + 1) * this.cell - left;
    const height = (region.rows.at(-1) + 1) * this.cell - top;
    paper.drawImage(this.whole, left, top, width, height, left, top, width, height);
  }

  // Light up `region` and in it the pixel `winner`; `dim` veils the pixels that max pooling throws away.
  light(region, color, dim, winner) {
    const paper = this.overlay.getContext("2d");
    paper.clearRect(0, 0, this.overlay.width, this.overlay.height);
    if (dim && this.map.won) this.veilLosers(paper);
    if (!region || !region.rows.length || !region.columns.length) return;
    const { side } = this;
    const solid = (list) => list.at(-1) - list[0] === list.length - 1;
    const [left, top] = [region.columns[0], region.rows[0]];
    const [wide, high] = [region.columns.at(-1) + 1 - left, region.rows.at(-1) + 1 - top];
    if (solid(region.rows) && solid(region.columns)) {
      this.outline(paper, left, top, wide, high, color);
    } else {
      paper.setLineDash([4 * this.ratio, 3 * this.ratio]);
      this.outline(paper, left, top, wide, high, color, 1);
      paper.setLineDash([]);
      for (const row of region.rows) {
        for (const column of region.columns) this.outline(paper, column, row, 1, 1, color, side < 6 ? 1 : 2);
      }
    }
    if (winner) this.dot(paper, winner[0] + this.map.padding[0], winner[1] + this.map.padding[1]);
  }

  outline(paper, left, top, wide, high, color, width = 2.5) {
    const { cell, ratio } = this;
    const thick = width * ratio;
    const box = [left * cell - 0.5, top * cell - 0.5, wide * cell + 1, high * cell + 1];
    if (width > 2) {
      paper.lineWidth = thick + 2 * ratio;
      paper.strokeStyle = "rgb(0 0 0 / 0.55)";
      paper.strokeRect(...box);
    }
    paper.lineWidth = thick;
    paper.strokeStyle = color;
    paper.strokeRect(...box);
  }

  dot(paper, row, column) {
    paper.beginPath();
    paper.arc((column + 0.5) * this.cell, (row + 0.5) * this.cell, Math.max(2, this.cell * 0.22), 0, 7);
    paper.fillStyle = LIT;
    paper.strokeStyle = "rgb(0 0 0 / 0.7)";
    paper.lineWidth = this.ratio;
    paper.fill();
    paper.stroke();
  }

  veilLosers(paper) {
    const { map, cell } = this;
    paper.fillStyle = this.theme.light ? "rgb(252 252 250 / 0.86)" : "rgb(18 23 27 / 0.86)";
    for (let row = 0; row < map.height; row += 1) {
      for (let column = 0; column < map.width; column += 1) {
        if (map.won[row * map.width + column]) continue;
        paper.fillRect((column + map.padding[1]) * cell, (row + map.padding[0]) * cell, cell, cell);
      }
    }
  }

  // The cell under a pointer, in padded coordinates, or null.
  cellAt(event) {
    const box = this.overlay.getBoundingClientRect();
    const row = Math.floor(((event.clientY - box.top) / box.height) * this.rows);
    const column = Math.floor(((event.clientX - box.left) / box.width) * this.columns);
    return row >= 0 && row < this.rows && column >= 0 && column < this.columns ? { row, column } : null;
  }
}
