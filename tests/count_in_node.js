// node count_in_node.js explore.html settings.json: what the page's own script counts, as JSON.
const fs = require("fs"), zlib = require("zlib");
const html = fs.readFileSync(process.argv[2], "utf8");
const part = (id) => html.match(new RegExp(`<script[^>]*id="${id}"[^>]*>([\\s\\S]*?)</script>`))[1];
const packed = zlib.gunzipSync(Buffer.from(part("arrays").trim(), "base64"));
const buffer = packed.buffer.slice(packed.byteOffset, packed.byteOffset + packed.length);
const shown = (value) => (Number.isNaN(value) ? "nan" : value === -Infinity ? "-inf" : value);
const run = new Function("about", "buffer", "asked", "shown", `${part("counting")}
  const arrays = unpack(buffer, about.arrays), every = about.labels.map((_, k) => k);
  return asked.map(({ setting, cell, order }) => {
    const counts = count(about, arrays, setting);
    return {
      attended: [...counts.attended], present: [...counts.present], images: [...counts.images],
      measures: Object.fromEntries(Object.keys(MEASURES).map(
        (name) => [name, measure(name, counts).map(shown)])),
      prominent: prominent(counts, 60, every, () => true),
      interval: wilson(counts.attended[0], counts.images[0]),
      cell: imagesOfCell(about, arrays, setting, ...cell, order),
    };
  });`);
const asked = JSON.parse(fs.readFileSync(process.argv[3], "utf8"));
process.stdout.write(JSON.stringify(run(JSON.parse(part("about")), buffer, asked, shown)));
