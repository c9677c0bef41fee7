// The offline explorer: controls, matrix, images of a cell, one image under every method.
const $ = (id) => document.getElementById(id);
const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};
const PAGE = { attended: 12, "passed over": 4, "other label": 4 };
const PERCENT = ["attended", "presence", "attention given presence"];
const SIGNED = ["pmi", "log odds"];
const about = JSON.parse($("about").textContent);
const thumbnails = JSON.parse($("thumbnails").textContent);
const words = about.words;
let arrays, chosen = null, pages = {}, waiting = 0, opened = null;

const number = (values, value) => values.reduce(
  (best, one, k) => (Math.abs(one - value) < Math.abs(values[best] - value) ? k : best), 0);

function setting() {
  const value = (id) => Number($(id).value);
  return {
    cam: $("cam").value, maps: $("maps").value, score: $("score").value,
    threshold: value("threshold"), confidence: value("confidence"),
    probability: value("probability"),
  };
}

// Controls -------------------------------------------------------------------------------------
function fill(id, names, called = {}) {
  $(id).append(...names.map((name) => make("option", { value: name, textContent: called[name] || name })));
}

function setPreset(name, filters = true) {
  const preset = about.presets[name];
  $("maps").value = name;
  $("score").value = preset.importance;
  const moved = filters ? ["threshold", "confidence", "probability"] : ["threshold"];
  moved.forEach((id) => { $(id).value = number(about.grids[id], preset[id]); });
}

function mixture(now) {
  const own = about.presets[now.maps];
  const value = about.grids.threshold[now.threshold];
  if (own.importance === now.score && number(about.grids.threshold, own.threshold) === now.threshold) return "";
  return `A mixture: maps ${words.presets[now.maps] || now.maps}, with ${words.scores[now.score] || now.score} > ${value}`
    + ` (there: ${words.scores[own.importance] || own.importance} > ${own.threshold}).`;
}

const parts = (id) => $(id).value.toLowerCase().split(",").map((part) => part.trim()).filter(Boolean);
const has = (name, sought) => !sought.length || sought.some((part) => name.toLowerCase().includes(part));

// Matrix ---------------------------------------------------------------------------------------
function limits(name, values) {
  const finite = values.filter(Number.isFinite);
  if (PERCENT.includes(name)) return [0, 100, "rocket_r"];
  const most = Math.max(...finite.map(Math.abs), 0) || 1;
  return SIGNED.includes(name) ? [-most, most, "RdBu_r"] : [0, most, "rocket_r"];
}

function cellWords(counts, kind, label) {
  const cell = kind * counts.labels + label, n = counts.images[label];
  const name = `${about.classes[kind]}, ${about.labels[label]}`;
  if (!n) return `${name}: no image of this label counts`;
  const [low, high] = wilson(counts.attended[cell], n), a = counts.attended[cell];
  return `${name}: attended in ${a} of ${n} images, ${(100 * a / n).toFixed(0)} % `
    + `(95 % interval ${low.toFixed(0)} to ${high.toFixed(0)} %); detected in ${counts.present[cell]}`;
}

function draw() {
  waiting = 0;
  const start = performance.now(), now = setting(), counts = count(about, arrays, now);
  const labels = about.labels.map((_, k) => k).filter((k) => has(about.labels[k], parts("labels")));
  const kinds = prominent(counts, Number($("top").value), labels, (k) => has(about.classes[k], parts("classes")));
  const name = $("measure").value, values = measure(name, counts);
  const at = (kind, label) => values[kind * counts.labels + label];
  const [low, high, map] = limits(name, kinds.flatMap((kind) => labels.map((label) => at(kind, label))));
  const [ground, ink] = about.colours[map], digits = PERCENT.includes(name) ? 0 : 2;
  const head = make("tr", {}, make("td"), ...labels.map((label) => make("th", { scope: "col" },
    make("div", { textContent: `${about.labels[label]} (${counts.images[label]})` }))));
  const rows = kinds.map((kind) => make("tr", {},
    make("th", { scope: "row", textContent: about.classes[kind] }),
    ...labels.map((label) => {
      const value = at(kind, label), cell = make("td");
      cell.dataset.cell = `${kinds.indexOf(kind)},${labels.indexOf(label)}`;
      cell.tabIndex = -1;
      cell.setAttribute("aria-label", cellWords(counts, kind, label));
      if (!Number.isNaN(value)) {
        const share = value === -Infinity ? 0 : (value - low) / (high - low);
        const shade = Math.trunc(255 * Math.min(Math.max(share, 0), 1));
        cell.style.cssText = `background:${ground[shade]};color:${ink[shade]}`;
        cell.textContent = value === -Infinity ? "−∞" : value.toFixed(digits);
      }
      if (chosen && chosen[0] === kind && chosen[1] === label) cell.className = "chosen";
      return cell;
    })));
  if (!rows.length) rows.push(make("tr", {}, make("th", { scope: "row", textContent: labels.length
    ? "No class passes these thresholds." : "No label has this in its name." })));
  const table = make("table", { className: "heat" },
    make("caption", { textContent: words.measures[name] || name }),
    make("thead", {}, head), make("tbody", {}, ...rows));
  table.setAttribute("role", "grid");
  table.dataset.name = "matrix";
  $("matrix").replaceChildren(table);
  grid(table, $("room"), (place) => {
    const [row, column] = place.split(",").map(Number);
    chosen = [kinds[row], labels[column]];
    draw();
    drawImages();
  });
  ["threshold", "confidence", "probability"].forEach((id) => {
    $(`${id}-value`).textContent = about.grids[id][now[id]];
    $(id).setAttribute("aria-valuetext", about.grids[id][now[id]]);
  });
  $("top-value").textContent = $("top").value;
  $("question").textContent = words.questions[name] || "";
  $("mixture").textContent = mixture(now);
  const cells = counts.attended.reduce((n, value) => n + (value > 0), 0);
  $("status").textContent = `${total(counts.images)} of ${about.images.length} images counted · `
    + `cells with an image: ${cells} · ${Math.round(performance.now() - start)} ms`;
  pages = {};
}

function later() {
  if (!waiting) waiting = requestAnimationFrame(draw);
  clearTimeout(later.rest);
  later.rest = setTimeout(drawImages, 250);
}

// Pictures -------------------------------------------------------------------------------------
const loaded = new Map();
function picture(image) {
  if (!loaded.has(image)) {
    const element = new Image();
    element.src = `data:image/webp;base64,${thumbnails[image]}`;
    loaded.set(image, element.decode().then(() => element));
    if (loaded.size > 300) loaded.delete(loaded.keys().next().value);
  }
  return loaded.get(image);
}

function boxesOf(image) {
  const images = arrays["box image"];
  let low = 0, high = images.length;
  while (low < high) { const middle = (low + high) >> 1; if (images[middle] < image) low = middle + 1; else high = middle; }
  const found = [];
  for (let box = low; box < images.length && images[box] === image; box++) found.push(box);
  return found;
}

// An image with the map of a setting laid over it and its boxes; names: write class and importance
async function explain(canvas, image, now, width, names) {
  const source = await picture(image);
  const scale = width / Math.max(source.naturalWidth, source.naturalHeight);
  canvas.width = Math.round(source.naturalWidth * scale);
  canvas.height = Math.round(source.naturalHeight * scale);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  if (now) layMap(context, canvas, image, `${now.cam} ${now.maps}`);
  const current = now || setting(), confidence = arrays["box confidence"];
  const importance = arrays[`importance ${current.cam} ${current.maps} ${current.score}`];
  const boxes = boxesOf(image).filter((box) => confidence[box] > current.confidence);
  const kept = (box) => importance[box] > current.threshold;
  boxes.sort((one, other) => kept(one) - kept(other));
  const written = [];
  for (const box of boxes) {
    const [x0, y0, x1, y1] = arrays["box corners"].subarray(4 * box, 4 * box + 4);
    const [w, h] = [canvas.width / 1000, canvas.height / 1000];
    const colour = now ? (kept(box) ? "#e8590c" : "#ced4da") : "#1971c2";
    context.strokeStyle = colour;
    context.lineWidth = now && !kept(box) ? 1 : 2;
    context.strokeRect(x0 * w, y0 * h, (x1 - x0) * w, (y1 - y0) * h);
    if (names && (!now || kept(box))) written.push(box);
  }
  const taken = [];
  for (const box of written.reverse()) {
    const [x0, y0] = arrays["box corners"].subarray(4 * box, 4 * box + 2);
    const value = now ? ` ${about.grids.threshold[Math.max(importance[box] - 1, 0)].toFixed(2)}` : "";
    const text = `${about.classes[arrays["box class"][box]]}${value}`;
    context.font = "11px sans-serif";
    context.fillStyle = now ? "#c2410c" : "#1971c2";
    const wide = context.measureText(text).width + 5;
    const left = Math.min(x0 * canvas.width / 1000, canvas.width - wide);
    const top = free(taken, left, y0 * canvas.height / 1000, wide, canvas.height);
    context.fillRect(left, top, wide, 14);
    context.fillStyle = "#fff";
    context.fillText(text, left + 2, top + 11);
  }
  return [boxes.filter(kept).length, boxes.length];
}

// The height nearest to the wanted one at which a name of a box hides no other; remembers it.
function free(taken, left, wanted, wide, height) {
  const hides = (top) => taken.some(([x, y, w]) =>
    left < x + w && x < left + wide && top < y + 14 && y < top + 14);
  const places = Array.from({ length: Math.floor(height / 14) }, (_, k) => 14 * k);
  const near = [Math.min(wanted, height - 14), ...places.sort(
    (one, other) => Math.abs(one - wanted) - Math.abs(other - wanted))];
  const top = near.find((place) => !hides(place)) ?? wanted;
  taken.push([left, top, wide]);
  return top;
}

function layMap(context, canvas, image, name) {
  const [rows, columns] = about.maps[name], cells = rows * columns;
  const map = arrays[`map ${name}`].subarray(image * cells, (image + 1) * cells);
  const small = make("canvas", { width: columns, height: rows });
  const pixels = new ImageData(columns, rows);
  map.forEach((level, k) => pixels.data.set([level, level, level, 255], 4 * k));
  small.getContext("2d").putImageData(pixels, 0, 0);
  const large = make("canvas", { width: canvas.width, height: canvas.height });
  const smooth = large.getContext("2d");
  smooth.drawImage(small, 0, 0, canvas.width, canvas.height);
  const levels = smooth.getImageData(0, 0, canvas.width, canvas.height).data;
  const shown = context.getImageData(0, 0, canvas.width, canvas.height), data = shown.data;
  const empty = map.every((level) => level === 0);
  for (let k = 0; k < data.length; k += 4) {
    const grey = 0.299 * data[k] + 0.587 * data[k + 1] + 0.114 * data[k + 2];
    const weight = empty ? 0 : 0.5 + 0.3 * levels[k] / 255, colour = about.inferno[levels[k]];
    for (let c = 0; c < 3; c++) data[k + c] = grey * (1 - weight) + colour[c] * weight;
  }
  context.putImageData(shown, 0, 0);
}

// Images of a cell -----------------------------------------------------------------------------
function drawImages() {
  if (!chosen) return;
  const now = setting(), [kind, label] = chosen;
  const groups = imagesOfCell(about, arrays, now, kind, label, $("order").value);
  $("cell").textContent = `${about.classes[kind]} and ${about.labels[label]}`;
  $("images").replaceChildren(...Object.entries(groups).map(([name, images]) => strip(name, images, now)));
}

function strip(name, images, now) {
  const size = PAGE[name], last = Math.max(Math.ceil(images.length / size), 1) - 1;
  const page = Math.min(pages[name] || 0, last);
  const many = images.length === 1 ? "1 image" : `${images.length} images`;
  const section = make("section", {}, make("h3", { textContent: `${words.groups[name]}: ${many}` }));
  const turn = (to, sign, word) => {
    const button = make("button", { textContent: sign, disabled: to < 0 || to > last });
    button.setAttribute("aria-label", `${word} page of ${words.groups[name]}`);
    button.onclick = () => {
      pages[name] = to;
      drawImages();
      const again = $("images").querySelector(`[aria-label="${word} page of ${words.groups[name]}"]`);
      if (again) again.focus();
    };
    return button;
  };
  if (last) section.append(make("div", {}, turn(page - 1, "‹", "previous"), " ",
    turn(page + 1, "›", "next"), ` page ${page + 1} of ${last + 1}`));
  section.append(...images.slice(page * size, (page + 1) * size).map((image) => {
    const canvas = make("canvas"), button = make("button", { className: "picture" }, canvas,
      make("span", { textContent: about.images[image] }));
    button.setAttribute("aria-label", `enlarge ${about.images[image]}`);
    button.onclick = () => open(image, images, button);
    explain(canvas, image, now, 180, false);
    return button;
  }));
  return section;
}

// One image under every method -----------------------------------------------------------------
async function open(image, among, from) {
  opened = { image, among };
  const now = setting(), place = among.indexOf(image), label = arrays["image label"][image];
  const known = about.known[image] ? ` · ${about.known[image]}` : "";
  $("name").textContent = about.images[image];
  $("about-image").textContent = `predicted ${about.labels[label]} `
    + `(${about.probability[image]})${known} · image ${place + 1} of ${among.length}`;
  const bare = figure("boxes");
  const shown = about.cams.map((cam) => [cam, figure(words.methods[cam] || cam)]);
  $("methods").replaceChildren(bare.figure, ...shown.map(([, one]) => one.figure));
  if (!$("image").open) $("image").showModal();
  if (from) $("image").onclose = () => from.focus();
  const [, boxes] = await explain(bare.canvas, image, null, 320, true);
  bare.caption.textContent = `${boxes} boxes above confidence ${about.grids.confidence[now.confidence]}`;
  for (const [cam, one] of shown) {
    const [kept, all] = await explain(one.canvas, image, { ...now, cam }, 320, true);
    one.caption.textContent = `${words.methods[cam] || cam}: ${kept} of ${all} boxes attended`;
    one.canvas.setAttribute("aria-label", one.caption.textContent);
  }
}

function figure(title) {
  const canvas = make("canvas"), caption = make("figcaption", { textContent: title });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", title);
  return { canvas, caption, figure: make("figure", {}, canvas, caption) };
}

function step(by) {
  const { image, among } = opened;
  open(among[(among.indexOf(image) + by + among.length) % among.length], among);
}

// Start ----------------------------------------------------------------------------------------
async function unzipped(text) {
  const packed = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

async function begin() {
  arrays = unpack(await unzipped($("arrays").textContent.trim()), about.arrays);
  fill("cam", about.cams, words.methods);
  fill("maps", Object.keys(about.presets), words.presets);
  fill("score", about.scores, words.scores);
  fill("measure", Object.keys(MEASURES), words.measures);
  fill("order", Object.keys(words.orders), words.orders);
  ["threshold", "confidence", "probability"].forEach((id) => { $(id).max = about.grids[id].length - 1; });
  setPreset(about.start);
  $("maps").addEventListener("change", () => { setPreset($("maps").value, false); later(); });
  document.querySelectorAll("#controls input, #controls select").forEach((control) => {
    control.addEventListener("input", later);
  });
  $("presets").append(...Object.keys(about.presets).map((name) => {
    const button = make("button", { type: "button", textContent: `reset to ${words.presets[name] || name}` });
    button.onclick = () => { setPreset(name); later(); };
    return button;
  }));
  $("order").addEventListener("input", drawImages);
  $("previous").onclick = () => step(-1);
  $("next").onclick = () => step(1);
  $("close").onclick = () => $("image").close();
  $("image").addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
  });
  draw();
  document.body.dataset.ready = "yes";
}
begin().catch((error) => { $("status").textContent = `This browser cannot show the page: ${error}`; });
