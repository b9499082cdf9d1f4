// What is wrong with a mail as it is shown now, one line each.
(dark) => {
  const problems = [];
  const say = (what, node) => problems.push(`${what}: ${(node?.outerHTML ?? node?.textContent ?? "").trim().slice(0, 120)}`);
  const root = document.documentElement;
  if (document.compatMode !== "CSS1Compat") say("no doctype");
  if (root.scrollWidth > innerWidth) say(`scrolls sideways, ${root.scrollWidth} in ${innerWidth}`);

  const channels = (color) => color.match(/[\d.]+/g).map(Number);
  const luminance = ([red, green, blue]) => {
    const linear = [red, green, blue].map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const color = channels(getComputedStyle(e).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  for (const element of document.body.querySelectorAll("*")) {
    const box = element.getBoundingClientRect();
    if (!element.checkVisibility() || box.width === 0) continue;
    if (box.right > innerWidth + 0.5 || box.left < -0.5) say("sticks out", element);
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const element = text.parentElement;
    if (!text.data.trim() || !element.checkVisibility()) continue;
    const [a, b] = [luminance(channels(getComputedStyle(element).color)), luminance(behind(element))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < 4.5) say(`contrast ${contrast.toFixed(2)}`, element);
  }
  const screen = luminance(behind(document.body));
  if (dark ? screen > 0.1 : screen < 0.7) say(`the ${dark ? "dark" : "light"} screen has luminance ${screen.toFixed(2)}`);
  for (const link of document.querySelectorAll("a")) {
    const box = link.getBoundingClientRect();
    if (box.width < 44 || box.height < 44) say(`a finger misses ${box.width.toFixed(0)} x ${box.height.toFixed(0)}`, link);
  }
  for (const image of document.images) if (!image.alt.trim()) say("no alternative text", image);
  for (const table of document.querySelectorAll("table")) if (table.getAttribute("role") !== "presentation") say("a table that is read out", table);
  return problems;
}
