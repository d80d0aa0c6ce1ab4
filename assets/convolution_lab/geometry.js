// What lies under what: maps, the windows that slide over them, and regions traced through them.
// A region is a set of rows times a set of columns, in the padded coordinates of its map.

const NOTHING = -1; // a padded position that shows no pixel

function decode(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function readMap(map) {
  const bytes = decode(map.values);
  const [channels, height, width] = map.shape;
  return {
    ...map, channels, height, width,
    values: map.kind === "bytes" ? bytes : new Float32Array(bytes.buffer),
    won: map.won ? decode(map.won) : null,
  };
}

// The maps of a scene, each knowing its parent, its children, and the padding that it is shown with.
function readScene(scene) {
  const maps = scene.maps.map(readMap);
  maps.forEach((map, index) => {
    map.index = index;
    map.parent = map.from === null ? null : maps[map.from];
    map.children = maps.filter((other) => other.from === index);
    const window = map.children[0];
    map.rowSource = window ? window.rows.source : span(0, map.height);
    map.columnSource = window ? window.columns.source : span(0, map.width);
    map.padding = [(map.rowSource.length - map.height) / 2, (map.columnSource.length - map.width) / 2];
  });
  return { ...scene, maps, drivers: scene.drivers.map((index) => maps[index]) };
}

function span(first, count) {
  return Array.from({ length: count }, (_, k) => first + k);
}

function union(lists) {
  return [...new Set(lists.flat())].sort((a, b) => a - b);
}

function value(map, channel, row, column) {
  return row === NOTHING || column === NOTHING
    ? 0
    : map.values[(channel * map.height + row) * map.width + column];
}

// Padded positions of the parent under output position `at`, one for each tap.
function taps(axis, at) {
  return span(0, axis.kernel).map((tap) => at * axis.stride + tap * axis.dilation);
}

// The region of one pixel of `map`, (row, column) without padding.
function regionOf(map, row, column) {
  return { rows: [row + map.padding[0]], columns: [column + map.padding[1]] };
}

function unpad(map, region) {
  return {
    rows: region.rows.map((row) => row - map.padding[0]),
    columns: region.columns.map((column) => column - map.padding[1]),
  };
}

// What `region` of `map` was made from, in the parent.
function under(map, region) {
  const { rows, columns } = unpad(map, region);
  return {
    rows: union(rows.map((row) => taps(map.rows, row))),
    columns: union(columns.map((column) => taps(map.columns, column))),
  };
}

// The outputs in `child` that a region of its parent goes into, through reflected pixels also.
function reached(child, region) {
  const along = (axis, source, positions, size) => {
    const pixels = new Set(positions.map((at) => source[at]).filter((pixel) => pixel !== NOTHING));
    const meets = (tap) => positions.includes(tap) || pixels.has(axis.source[tap]);
    return span(0, size).filter((at) => taps(axis, at).some(meets));
  };
  const { padding, parent } = child;
  return {
    rows: along(child.rows, parent.rowSource, region.rows, child.height).map((at) => at + padding[0]),
    columns: along(child.columns, parent.columnSource, region.columns, child.width).map((at) => at + padding[1]),
  };
}

// Regions by map index: everything that made one pixel, and everything that it goes into.
function traced(map, region) {
  const regions = { [map.index]: region };
  for (let at = map; at.parent; at = at.parent) regions[at.parent.index] = under(at, regions[at.index]);
  const follow = (at) => at.children.forEach((child) => {
    regions[child.index] = reached(child, regions[at.index]);
    follow(child);
  });
  follow(map);
  return regions;
}

// The window under one output pixel: for each tap its pixel's values, one for each channel.
function windowUnder(map, row, column) {
  const { parent } = map;
  return taps(map.rows, row).map((paddedRow) =>
    taps(map.columns, column).map((paddedColumn) => {
      const from = [map.rows.source[paddedRow], map.columns.source[paddedColumn]];
      const nothing = from.includes(NOTHING);
      return { nothing, from, values: span(0, parent.channels).map((channel) => value(parent, channel, ...from)) };
    }),
  );
}
