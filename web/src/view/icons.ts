/** The icons, as strokes on a 20 by 20 field. They are decoration: the words beside them say the same. */

const STROKES = {
  note: "M6 3.5h6l3 3v10H6zM8.5 9h4M8.5 12h4",
  person: "M10 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM4 16.5c.8-3 3-4.5 6-4.5s5.2 1.5 6 4.5",
  spark: "M10 3v4M10 13v4M3 10h4M13 10h4M5.5 5.5l2 2M12.500 12.500l2 2M14.500 5.500l-2 2M7.500 12.500l-2 2",
  pencil: "M4 16l.8-3.200L13 5l2.200 2.200-8 8z",
  lock: "M5.500 9.500h9v7h-9zM7.500 9.500V7a2.500 2.500 0 0 1 5 0v2.500",
  unlock: "M5.500 9.500h9v7h-9zM7.500 9.500V7a2.500 2.500 0 0 1 4.800-1",
  warning: "M10 3.500l7 12.500H3zM10 8.500v3.500M10 14v.2",
  question: "M7.500 7.500a2.500 2.500 0 1 1 3.500 2.300c-.7.3-1 .8-1 1.700M10 14.200v.2",
  search: "M9 14A5 5 0 1 0 9 4a5 5 0 0 0 0 10zM12.700 12.700L16.500 16.500",
  check: "M4.500 10.500l3.500 3.500 7.500-8",
  cross: "M5.500 5.500l9 9M14.500 5.500l-9 9",
  refresh: "M15.500 8a6 6 0 1 0 .3 3.500M15.800 4v4h-4",
  stop: "M6 6h8v8H6z",
  copy: "M7.500 7.500h8v8h-8zM12.500 7.500v-3h-8v8h3",
  print: "M6.500 7V3.500h7V7M6.500 13.500h-3V7h13v6.500h-3M6.500 11.500h7v5h-7z",
  history: "M4.500 10a5.500 5.500 0 1 0 1.800-4M4 4.500v3h3M10 7v3.200l2.300 1.400",
  plus: "M10 4.500v11M4.500 10h11",
  quote:
    "M4.500 12.500V9.500C4.500 7.500 5.500 6.300 7.500 6M11.500 12.500V9.500c0-2 1-3.200 3-3.500M4.500 10h3v3.500h-3zM11.500 10h3v3.500h-3z",
  list: "M4 5.500h12M4 10h12M4 14.500h12",
  sun: "M10 13a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM10 2.500v2M10 15.500v2M2.500 10h2M15.500 10h2M4.700 4.700l1.400 1.400M13.900 13.900l1.400 1.400M15.300 4.700l-1.400 1.400M6.100 13.900l-1.400 1.400",
  back: "M12 4.500L6.500 10l5.500 5.500",
  dot: "M10 12.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z",
} as const;

export type IconName = keyof typeof STROKES;

const SVG = "http://www.w3.org/2000/svg";

export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", STROKES[name]);
  svg.append(path);
  return svg;
}
