// Puts a drawing in its place. On a picture, the window goes to the cell under the pointer or by the arrow
// keys; on a chart, the value under the pointer is read out, and a press takes it.
export default function ({ parentElement, data, setTriggerValue }) {
  const place = parentElement.querySelector(".drawing");
  place.innerHTML = data.svg;
  const svg = place.querySelector("svg");
  if (svg?.dataset.windows) moveWindow(svg, JSON.parse(svg.dataset.windows));
  if (svg?.dataset.points) readValues(svg, JSON.parse(svg.dataset.points), setTriggerValue);
}

function moveWindow(svg, grid) {
  const { rows, columns, map, cells, margin, scale, transposed } = grid;
  const part = (name) => svg.querySelector("." + name);
  const hint = part("words").textContent;
  let at = [0, 0];

  function show(row, column) {
    at = [row, column];
    const [top, height] = rows[row];
    const [left, width] = columns[column];
    const x = map[0] + left * scale;
    const y = map[1] + top * scale;
    part("window").setAttribute("transform", `translate(${x} ${y})`);
    for (const kind of ["outline", "taps"]) {
      const box = part(kind);
      if (box?.tagName === "rect") {
        box.setAttribute("width", width * scale);
        box.setAttribute("height", height * scale);
      }
    }
    const cellX = cells[0] + column * scale;
    const cellY = cells[1] + row * scale;
    part("cell").setAttribute("x", cellX);
    part("cell").setAttribute("y", cellY);
    const from = x + (transposed ? 0 : width * scale);
    const to = cellX + (transposed ? scale : 0);
    part("rays").setAttribute(
      "d",
      `M${from} ${y}L${to} ${cellY}M${from} ${y + height * scale}L${to} ${cellY + scale}`,
    );
    const verb = transposed ? "is spread over" : "sees";
    const reach =
      rows.length === 1 && height === 1
        ? `${range(left - margin[1], width)}`
        : `rows ${range(top - margin[0], height)}, columns ${range(left - margin[1], width)}`;
    const name = rows.length === 1 && height === 1 ? `${column}` : `(${row}, ${column})`;
    part("words").textContent = `${transposed ? "Input" : "Output"} ${name} ${verb} ${reach}.`;
    if (part("next")) part("next").style.display = "none";
  }

  svg.addEventListener("pointermove", (event) => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    const column = Math.floor((point.x - cells[0]) / scale);
    const row = Math.floor((point.y - cells[1]) / scale);
    if (rows[row] && columns[column]) show(row, column);
  });
  svg.addEventListener("keydown", (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    const [row, column] = [at[0] + step[0], at[1] + step[1]];
    if (rows[row] && columns[column]) show(row, column);
  });
  svg.addEventListener("pointerleave", () => {
    part("words").textContent = hint;
  });
}

function readValues(svg, points, setTriggerValue) {
  const words = svg.querySelector(".words");
  const hint = words.textContent;
  const pointed = svg.querySelector(".pointed");

  function nearest(event) {
    const x = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse()).x;
    return points.reduce((best, point) => (Math.abs(point[1] - x) < Math.abs(best[1] - x) ? point : best));
  }

  svg.addEventListener("pointermove", (event) => {
    const [, x, reading] = nearest(event);
    words.textContent = reading;
    pointed.setAttribute("x", x - 5);
    pointed.style.display = "inline";
  });
  svg.addEventListener("pointerleave", () => {
    words.textContent = hint;
    pointed.style.display = "none";
  });
  svg.addEventListener("click", (event) => setTriggerValue("picked", nearest(event)[0]));
}

function range(start, length) {
  const end = start + length - 1;
  return length === 1 ? `${start}` : `${start} to ${end}`;
}
