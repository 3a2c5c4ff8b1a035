// Texts whose contrast with their background is less than 4.5 : 1 (WCAG 2.2, success criterion
// 1.4.3), or 3 : 1 where they are large: ["tag.class: text: contrast"].
const channels = (color) => (color.match(/[\d.]+/g) || []).map(Number);
const light = (color) => {
  const [red, green, blue] = channels(color).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const behind = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const color = getComputedStyle(at).backgroundColor;
    if (channels(color)[3] !== 0) return color;
  }
  return "rgb(255, 255, 255)";
};
const contrast = (one, other) => {
  const [less, more] = [light(one), light(other)].sort((a, b) => a - b);
  return (more + 0.05) / (less + 0.05);
};
const isText = (node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim();
return [...document.body.querySelectorAll("*")]
  .filter((element) => element.checkVisibility() && [...element.childNodes].some(isText))
  .map((element) => {
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const ratio = contrast(style.color, behind(element));
    return [element, ratio, isLarge ? 3 : 4.5];
  })
  .filter(([, ratio, least]) => ratio < least)
  .map(([one, ratio]) => `${one.localName}.${one.className}: ${one.textContent.trim().slice(0, 40)}: ${ratio.toFixed(2)}`);
