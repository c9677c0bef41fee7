// Counts and measures of the offline explorer, without a page: pipeline/counts.py and
// stats/measures.py in the browser. A number is stored as how many thresholds of its grid it
// exceeds, so "value > grid[k]" is "stored > k".

// arrays: name -> [type, start in bytes, length], as data.Packed lays them out
function unpack(buffer, arrays) {
  const types = { uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array };
  return Object.fromEntries(Object.entries(arrays).map(
    ([name, [type, start, length]]) => [name, new types[type](buffer, start, length)]));
}

// The images that count, (N,) of booleans. setting: see `count`
function countedImages(arrays, setting) {
  const clear = arrays[`image clear ${setting.maps}`];
  return Array.from(arrays["image probability"],
    (value, image) => value > setting.probability && clear[image] === 1);
}

// Runs of boxes of one class in one image: calls visit(image, kind, first box, one after the last).
function eachPair(arrays, visit) {
  const images = arrays["box image"], kinds = arrays["box class"];
  for (let first = 0; first < images.length;) {
    let end = first + 1;
    while (end < images.length && images[end] === images[first] && kinds[end] === kinds[first]) end++;
    visit(images[first], kinds[first], first, end);
    first = end;
  }
}

// What a pair passes: [present, attended, highest importance, highest confidence]
function judge(arrays, setting, first, end) {
  const importance = arrays[`importance ${setting.cam} ${setting.maps} ${setting.score}`];
  const confidence = arrays["box confidence"];
  let best = -1, surest = -1;
  for (let box = first; box < end; box++) {
    surest = Math.max(surest, confidence[box]);
    if (confidence[box] > setting.confidence) best = Math.max(best, importance[box]);
  }
  return [surest > setting.confidence, best > setting.threshold, best, surest];
}

// attended and present (K * L) and images (L).
// setting: cam, maps, score; threshold, confidence, probability as places on their grids
function count(about, arrays, setting) {
  const L = about.labels.length, labels = arrays["image label"];
  const counted = countedImages(arrays, setting);
  const attended = new Uint32Array(about.classes.length * L), present = attended.slice();
  const images = new Uint32Array(L);
  counted.forEach((counts, image) => { if (counts) images[labels[image]]++; });
  eachPair(arrays, (image, kind, first, end) => {
    if (!counted[image]) return;
    const [isPresent, isAttended] = judge(arrays, setting, first, end);
    const cell = kind * L + labels[image];
    if (isPresent) present[cell]++;
    if (isAttended) attended[cell]++;
  });
  return { attended, present, images, classes: about.classes.length, labels: L };
}

const ratio = (above, below) => (below === 0 ? NaN : above / below);
const total = (values) => values.reduce((sum, value) => sum + value, 0);

// Each measure of a cell: attended a, present p, the label's images n, the class's attended in all
// labels A, all images N
const MEASURES = {
  "attended": (a, p, n) => ratio(100 * a, n),
  "presence": (a, p, n) => ratio(100 * p, n),
  "attention given presence": (a, p) => ratio(100 * a, p),
  "lift": (a, p, n, A, N) => ratio(ratio(a, n), ratio(A, N)),
  "pmi": (a, p, n, A, N) => Math.log2(ratio(ratio(a, n), ratio(A, N))),
  "log odds": (a, p, n, A, N) => (n > 0 && A > 0
    ? Math.log((a + 0.5) * (N - n - (A - a) + 0.5) / ((n - a + 0.5) * (A - a + 0.5))) : NaN),
  "dice": (a, p, n, A) => (n > 0 ? 2 * a / (A + n) : NaN),
};

// A measure of counts, (K * L); NaN where it is undefined
function measure(name, counts) {
  const L = counts.labels, N = total(counts.images);
  return Array.from(counts.attended, (a, cell) => {
    const kind = Math.floor(cell / L), row = counts.attended.subarray(kind * L, (kind + 1) * L);
    return MEASURES[name](a, counts.present[cell], counts.images[cell % L], total(row), N);
  });
}

// Classes of highest mean percentage over the labels that have images and are shown
function prominent(counts, most, shown, wanted) {
  const L = counts.labels, has = shown.filter((label) => counts.images[label] > 0);
  const means = [];
  for (let kind = 0; kind < counts.classes; kind++) {
    const sum = total(has.map((label) => 100 * counts.attended[kind * L + label] / counts.images[label]));
    if (sum > 0 && wanted(kind)) means.push([kind, sum / has.length]);
  }
  return means.sort((one, other) => other[1] - one[1]).slice(0, most).map(([kind]) => kind);
}

// 95 % interval of a share (Wilson, 1927), in percent
function wilson(successes, n) {
  const z = 1.959963984540054, share = successes / n, below = 1 + z * z / n;
  const middle = (share + z * z / (2 * n)) / below;
  const half = z * Math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / below;
  return [successes === 0 ? 0 : 100 * (middle - half), successes === n ? 100 : 100 * (middle + half)];
}

// Images of a cell in three groups as widgets/cells.py: positions, the highest first
function imagesOfCell(about, arrays, setting, kind, label, order) {
  const counted = countedImages(arrays, setting), labels = arrays["image label"];
  const groups = { "attended": [], "passed over": [], "other label": [] };
  eachPair(arrays, (image, itsKind, first, end) => {
    if (itsKind !== kind || !counted[image]) return;
    const [present, attended, best, surest] = judge(arrays, setting, first, end);
    const value = { importance: best, confidence: surest, probability: about.probability[image] };
    const name = labels[image] === label ? (attended ? "attended" : present ? "passed over" : "")
      : (attended ? "other label" : "");
    if (name) groups[name].push([image, value[order]]);
  });
  return Object.fromEntries(Object.entries(groups).map(([name, found]) =>
    [name, found.sort((one, other) => other[1] - one[1]).map(([image]) => image)]));
}
