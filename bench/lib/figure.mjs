// Figures as SVG, small and by hand: bars, and lines over a logarithmic scale. Colours follow the reader's light or dark mode.
const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600 } .soft { fill: #57606a; font-size: 11px }
  .grid { stroke: #d0d7de; stroke-width: 1 } path { fill: none; stroke-width: 2 }
  .lua { fill: #0969da; stroke: #0969da } .floor { fill: #8c959f; stroke: #8c959f }
  .node { fill: #1a7f37; stroke: #1a7f37 } .bun { fill: #bf8700; stroke: #bf8700 } .uws { fill: #8250df; stroke: #8250df }
  path.lua, path.floor, path.node, path.bun, path.uws { fill: none }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .soft { fill: #9198a1 } .grid { stroke: #3d444d }
    .lua { fill: #58a6ff; stroke: #58a6ff } .floor { fill: #6e7681; stroke: #6e7681 }
    .node { fill: #3fb950; stroke: #3fb950 } .bun { fill: #d29922; stroke: #d29922 } .uws { fill: #bc8cff; stroke: #bc8cff }
    path.lua, path.floor, path.node, path.bun, path.uws { fill: none }
  }`;

const escape = (text) => String(text).replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c]);
const at = (n) => +n.toFixed(1);
const text = (x, y, content, { anchor = "start", kind = "" } = {}) =>
  `<text x="${at(x)}" y="${at(y)}" text-anchor="${anchor}"${kind && ` class="${kind}"`}>${escape(content)}</text>`;
const line = (x1, y1, x2, y2) => `<path class="grid" d="M${at(x1)} ${at(y1)}L${at(x2)} ${at(y2)}"/>`;
const short = (n) => (n >= 1000 ? `${+(n / 1000).toPrecision(3)}k` : String(+n.toPrecision(n < 1 ? 2 : 3)));

function svg(width, height, title, parts) {
  const box = `xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${at(height)}" width="${width}" height="${at(height)}"`;
  return `<svg ${box} role="img"><title>${escape(title)}</title>\n<style>${STYLE}\n</style>\n${parts.join("\n")}\n</svg>\n`;
}

function legend(servers, x, y) {
  return servers.flatMap((server, i) => [
    `<rect class="${server.name}" x="${x + i * 120}" y="${y - 9}" width="10" height="10" rx="2"/>`,
    text(x + i * 120 + 15, y, server.title),
  ]);
}

// A logarithmic scale from values to pixels, with its powers of ten.
function scale(measured, from, to) {
  const values = measured.length ? measured : [1];
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values)) - 1e-9));
  const ticks = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
  const place = (value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from);
  return { ticks, place };
}

/**
 * Groups of bars beneath each other, on a logarithmic scale.
 * groups: [{ name, values: { server: number } }]
 */
export function bars(title, unit, servers, groups) {
  const [left, right, width, bar, gap] = [285, 60, 820, 11, 10];
  const values = groups.flatMap((group) => Object.values(group.values)).filter((value) => value > 0);
  const { ticks, place } = scale(values, left, width - right);
  const parts = [text(0, 14, title, { kind: "title" }), ...legend(servers, left, 34)];
  let y = 62;
  const top = y - 8;
  const body = [];
  for (const group of groups) {
    const shown = servers.filter(({ name }) => group.values[name] > 0);
    body.push(text(left - 10, y + (shown.length * bar) / 2 + 4, group.name, { anchor: "end" }));
    for (const { name } of shown) {
      const end = place(group.values[name]);
      body.push(`<rect class="${name}" x="${left}" y="${y}" width="${at(end - left)}" height="${bar - 2}"/>`);
      body.push(text(end + 5, y + bar - 2, short(group.values[name]), { kind: "soft" }));
      y += bar;
    }
    y += gap;
  }
  for (const tick of ticks) {
    parts.push(line(place(tick), top, place(tick), y - gap));
    parts.push(text(place(tick), top - 3, `${short(tick)} ${unit}`, { anchor: "middle", kind: "soft" }));
  }
  return svg(width, y, title, [...parts, ...body]);
}

function panel(x, y, w, h, { name, unit, points }, servers) {
  const series = servers
    .map((server) => ({ server, dots: points.filter((p) => p.values[server.name] > 0) }))
    .filter(({ dots }) => dots.length);
  const down = scale(series.flatMap(({ server, dots }) => dots.map((p) => p.values[server.name])), y + h - 20, y + 24);
  const across = (i) => x + 55 + (points.length > 1 ? (i / (points.length - 1)) * (w - 90) : 0);
  const parts = [text(x, y + 8, `${name}, ${unit}`, { kind: "title" })];
  for (const tick of down.ticks) {
    parts.push(line(x + 45, down.place(tick), x + w - 20, down.place(tick)));
    parts.push(text(x + 38, down.place(tick) + 4, short(tick), { anchor: "end", kind: "soft" }));
  }
  points.forEach(({ point }, i) => parts.push(text(across(i), y + h - 2, short(point), { anchor: "middle", kind: "soft" })));
  for (const { server, dots } of series) {
    const spots = dots.map((p) => [across(points.indexOf(p)), down.place(p.values[server.name])]);
    parts.push(`<path class="${server.name}" d="M${spots.map((spot) => spot.map(at).join(" ")).join("L")}"/>`);
    parts.push(...spots.map(([cx, cy]) => `<circle class="${server.name}" cx="${at(cx)}" cy="${at(cy)}" r="3"/>`));
  }
  return parts;
}

/** Panels of lines. panels: [{ name, unit, points: [{ point, values: { server: number } }] }] */
export function lines(title, servers, panels) {
  const [width, w, h] = [820, 400, 210];
  const parts = [text(0, 14, title, { kind: "title" }), ...legend(servers, 250, 34)];
  panels.forEach((one, i) => parts.push(...panel((i % 2) * (w + 20), 60 + Math.floor(i / 2) * (h + 25), w, h, one, servers)));
  return svg(width, 60 + Math.ceil(panels.length / 2) * (h + 25), title, parts);
}
