// The window under one output pixel, large: its values, the weights, and the sum written out.

const ROOM = { 1: 44, 2: 44, 3: 42, 4: 36, 5: 32, 6: 28, 7: 26 }; // screen pixels of a cell, by window
const LARGEST_SHOWN = 7; // beyond, cells show colours only and sums are folded to one a row

function roomFor(window, channels) {
  return (ROOM[window] ?? Math.floor(190 / window)) - (channels > 1 ? 10 : 0);
}

function makeGrid(rows, columns, room, className) {
  const grid = element("div", `grid ${className}`);
  grid.style.gridTemplateColumns = `repeat(${columns}, ${room}px)`;
  grid.style.setProperty("--room", `${room}px`);
  return grid;
}

function weightColor(theme, kernel, weight) {
  const strongest = Math.max(1e-9, ...kernel.weights.flat(2).map(Math.abs));
  return signedColor(theme, (weight / strongest) * 0.8);
}

class Lens {
  constructor(edit) {
    this.root = element("div", "lens");
    this.sum = element("div", "sum");
    this.sum.setAttribute("role", "status");
    this.edit = edit;
  }

  // Take a new scene; the grids that `show` fills are built anew only for another kernel or other sizes.
  build(scene, theme) {
    Object.assign(this, { scene, theme });
    const parts = scene.lens.map((index) => scene.maps[index]);
    const sizes = parts.map((map) => [map.step, map.rows.kernel, map.columns.kernel, map.parent.channels]);
    const built = JSON.stringify([scene.kernel, sizes, theme.light]);
    if (built === this.built) {
      this.windows.forEach((window, part) => { window.map = parts[part]; });
      return;
    }
    Object.assign(this, { built, windows: [] });
    this.root.querySelectorAll(".part").forEach((part) => part.remove());
    for (const map of parts) {
      const [rows, columns] = [map.rows.kernel, map.columns.kernel];
      const room = roomFor(Math.max(rows, columns), map.parent.channels);
      const block = element("div", map.parent.channels > 1 ? "block colors" : "block");
      const cells = span(0, map.parent.channels).map((channel) => {
        const grid = makeGrid(rows, columns, room, "window");
        if (map.parent.channels > 1) grid.style.setProperty("--tint", TINTS[channel]);
        const made = span(0, rows * columns).map(() => grid.appendChild(element("span")));
        block.append(grid);
        if (map.step === "sum") {
          block.append(element("i", "times", "\u00d7"), this.kernelGrid(channel, rows, columns, room));
        }
        return made;
      });
      const titled = element("figure", "part");
      titled.append(element("figcaption", "", map.step === "sum" ? this.kernelWords() : "Window"), block);
      this.root.insertBefore(titled, this.sum.parentNode === this.root ? this.sum : null);
      this.windows.push({ map, cells, numbers: Math.max(rows, columns) <= LARGEST_SHOWN });
    }
  }

  kernelWords() {
    const { divisor, turned } = this.scene.kernel;
    const words = ["Window \u00d7 kernel"];
    if (turned) words.push("turned by 180\u00b0");
    if (divisor !== 1) words.push(`\u00f7 ${shown(divisor)}`);
    return words.join(", ");
  }

  kernelGrid(channel, rows, columns, room) {
    const { kernel } = this.scene;
    const grid = makeGrid(rows, columns, room, "kernel");
    if (kernel.weights.length > 1) grid.style.setProperty("--tint", TINTS[channel]);
    const editable = Math.max(rows, columns) <= LARGEST_SHOWN;
    kernel.weights[channel].forEach((line, row) => line.forEach((weight, column) => {
      const cell = element(editable ? "input" : "span");
      const color = weightColor(this.theme, kernel, weight);
      cell.style.background = css(color);
      cell.style.color = inkOn(color);
      if (editable) {
        cell.value = shown(weight);
        cell.inputMode = "decimal";
        cell.setAttribute("aria-label", `weight, row ${row}, column ${column}`);
        cell.addEventListener("focus", () => cell.select());
        cell.addEventListener("change", () => this.change(cell, channel, row, column));
      }
      grid.append(cell);
    }));
    return grid;
  }

  change(cell, channel, row, column) {
    const { kernel } = this.scene;
    const weight = Number(cell.value.replace(MINUS, "-").replace(",", "."));
    if (cell.value.trim() === "" || !Number.isFinite(weight)) {
      cell.value = shown(kernel.weights[channel][row][column]);
      return;
    }
    const weights = kernel.weights.map((slice) => slice.map((line) => [...line]));
    weights[channel][row][column] = weight;
    this.edit(kernel.turned ? weights.map((slice) => slice.map((line) => [...line].reverse()).reverse()) : weights);
  }

  // Show the windows of `places`: (row, column) in the map of each part of the lens, or null.
  show(places) {
    this.windows.forEach(({ map, cells, numbers }, part) => {
      const place = places[part];
      const found = place ? windowUnder(map, ...place).flat() : null;
      const winner = found && map.step === "max" ? winnerOf(found) : -1;
      cells.forEach((grid, channel) => grid.forEach((cell, at) => {
        const tap = found?.[at];
        const color = tap ? this.tapColor(map, tap, channel) : null;
        cell.style.background = color ? css(color) : "";
        cell.style.color = color ? inkOn(color) : "";
        cell.textContent = tap && numbers ? short(tap.values[channel]) : "";
        cell.classList.toggle("nothing", Boolean(tap?.nothing));
        cell.classList.toggle("winner", at === winner);
      }));
    });
    this.sum.replaceChildren(...this.windows.flatMap(({ map }, part) =>
      places[part] ? this.sumOf(map, ...places[part]) : []));
  }

  tapColor(map, tap, channel) {
    if (map.parent.channels === 1) return colorOf(map.parent, this.theme, tap.values);
    return tap.values.map((one, k) => (k === channel ? one : 0.12 * one));
  }

  sumOf(map, row, column) {
    const found = windowUnder(map, row, column);
    const lines = map.step === "sum"
      ? this.weighted(map, found, row, column)
      : pooledWords(this.scene, found, row, column);
    return lines.map((line) => {
      const made = element("div", "line");
      made.append(...line);
      return made;
    });
  }

  weighted(map, found, row, column) {
    const { kernel } = this.scene;
    const out = value(map, 0, row, column);
    const products = kernel.weights.map((slice, channel) => slice.map((line, at) =>
      line.map((weight, tap) => ({ pixel: found[at][tap].values[channel], weight }))));
    const total = products.flat(2).reduce((sum, { pixel, weight }) => sum + pixel * weight, 0);
    const folded = products.length * map.columns.kernel > 9 || map.columns.kernel > LARGEST_SHOWN;
    const groups = products.map((slice, channel) => this.terms(slice, folded, products.length > 1 ? channel : null));
    const end = [`= ${shown(total)}`];
    if (kernel.divisor !== 1) end.push(`\u00f7 ${shown(kernel.divisor)}`);
    if (kernel.bias) end.push(`+ ${shown(kernel.bias)}`.replace(`+ ${MINUS}`, `${MINUS} `));
    if (end.length > 1) end.push(`= ${shown(out)}`);
    const name = element("span", "name", `${map.symbol}[${row}, ${column}] =`);
    const line = [name, ...groups, element("b", "result", end.join(" "))];
    return this.scene.kind === "strip" ? [line, rectified(map, row, column, out)] : [line];
  }

  terms(slice, folded, channel) {
    const grid = element("div", "terms");
    if (channel !== null) {
      grid.style.setProperty("--tint", TINTS[channel]);
      grid.setAttribute("aria-label", CHANNELS[channel]);
    }
    if (folded) {
      if (channel === null) grid.style.gridTemplateColumns = "repeat(4, auto)";
      slice.forEach((line, row) => {
        const sum = line.reduce((all, { pixel, weight }) => all + pixel * weight, 0);
        grid.append(element("span", "term", `row ${row}: ${shown(sum)}`));
      });
      return grid;
    }
    grid.style.gridTemplateColumns = `repeat(${slice[0].length}, auto)`;
    slice.flat().forEach(({ pixel, weight }, at) => {
      const sign = weight === 0 ? "zero" : weight < 0 ? "negative" : "positive";
      const one = element("span", `term ${sign}`, `${short(pixel)} \u00d7 ${shown(weight)}`);
      if (at) one.prepend(element("i", "", "+ "));
      grid.append(one);
    });
    return grid;
  }
}

// The place of the first largest value that is a pixel.
function winnerOf(found) {
  let best = -1;
  found.forEach((tap, at) => {
    if (!tap.nothing && (best < 0 || tap.values[0] > found[best].values[0])) best = at;
  });
  return best;
}

function rectified(map, row, column, out) {
  const relu = map.children[0];
  const words = `max(0, ${shown(out)}) =`;
  return [element("span", "name", `${relu.symbol}[${row}, ${column}] =`), element("span", "term", words),
    element("b", "result", shown(value(relu, 0, row, column)))];
}

function pooledWords(scene, found, row, column) {
  const taps = found.flat();
  const pixels = taps.filter((tap) => !tap.nothing).map((tap) => short(tap.values[0]));
  const few = pixels.length <= 25;
  return scene.lensPools.map((index) => scene.maps[index]).map((pool) => {
    const inside = few ? pixels.join(pool.step === "max" ? ", " : " + ") : `${pixels.length} values`;
    const words = pool.step === "max" ? `largest of ${inside} =` : `(${inside}) \u00f7 ${taps.length} =`;
    return [element("span", "name", `${pool.symbol}[${row}, ${column}] =`), element("span", "term", words),
      element("b", "result", shown(value(pool, 0, row, column)))];
  });
}
