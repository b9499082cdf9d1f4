// LiquidJS renders a template with escaping, as our mail mode does. node render_peer.js TEMPLATE DATA COUNT
// Prints the seconds of processor time a rendering on the first line and the last rendering behind it.
const fs = require("fs");
const { Liquid } = require("liquidjs");
const [template, data, count] = process.argv.slice(2);
const engine = new Liquid({ outputEscape: "escape", strictFilters: true, timezoneOffset: 0 });
const parsed = engine.parse(fs.readFileSync(template, "utf8"));
const context = JSON.parse(fs.readFileSync(data, "utf8"));
let text = "";
for (let i = 0; i < Number(count) / 4; ++i) text = engine.renderSync(parsed, context);  // until V8 has compiled it
const begin = process.cpuUsage();
for (let i = 0; i < Number(count); ++i) text = engine.renderSync(parsed, context);
const used = process.cpuUsage(begin);
process.stdout.write(`${(used.user + used.system) / 1e6 / Number(count)}\n${text}`);
