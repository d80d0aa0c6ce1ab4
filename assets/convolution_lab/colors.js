// From values to colours and to words; colours follow the theme, light or dark.

const MINUS = "\u2212";
const FORMATS = [0, 1, 2].map((digits) =>
  new Intl.NumberFormat("en", { maximumFractionDigits: digits, useGrouping: "min2", signDisplay: "negative" }));

function shown(number, digits = 2) {
  return FORMATS[digits].format(number).replace("-", MINUS);
}

// As many digits as a cell has room for.
function short(number) {
  return shown(number, Math.abs(number) >= 100 ? 0 : 1);
}

function channelsOf(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

function readTheme(element) {
  const style = getComputedStyle(element);
  const named = (name, otherwise) => style.getPropertyValue(`--st-${name}`).trim() || otherwise;
  const paper = document.createElement("canvas").getContext("2d");
  paper.fillStyle = named("background-color", "#ffffff");
  const light = channelsOf(paper.fillStyle).reduce((sum, channel) => sum + channel, 0) > 384;
  return {
    light,
    text: named("text-color", "#1b2226"),
    faint: named("secondary-background-color", "#f1f2ee"),
    border: named("border-color", "#dcdfd9"),
    zero: light ? [247, 247, 245] : [30, 37, 42],
    positive: channelsOf(light ? "#D55E00" : "#F0803C"),
    negative: channelsOf(light ? "#0072B2" : "#56B4E9"),
    font: style.fontFamily || "sans-serif",
  };
}

function signedColor(theme, share) {
  const pole = share < 0 ? theme.negative : theme.positive;
  const strength = Math.min(1, Math.abs(share)) ** 0.75;
  return theme.zero.map((channel, k) => channel + (pole[k] - channel) * strength);
}

// The colour (r, g, b) of one value of a map; `look` is "picture" or "signed".
function colorOf(map, theme, values) {
  if (map.look === "signed") return signedColor(theme, values[0] / (map.scale || 1));
  return values.length === 3 ? values : [values[0], values[0], values[0]];
}

function css([red, green, blue]) {
  return `rgb(${Math.round(red)} ${Math.round(green)} ${Math.round(blue)})`;
}

// Black or white, whichever is read better on a colour.
function inkOn([red, green, blue]) {
  return 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? "#14191d" : "#ffffff";
}

const TINTS = ["#d43d3d", "#2c9a4b", "#3c6fe0"]; // the slices for red, green and blue
const CHANNELS = ["red", "green", "blue"];
