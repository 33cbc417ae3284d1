/** A comparison as text, with two small buttons behind every difference: take theirs, or keep mine. */

import { type Hunk, hunksOf, type Part } from "../text/hunks.ts";
import { h } from "./dom.ts";
import { type IconName, icon } from "./icons.ts";

export interface HunkCommands {
  /** ``place`` counts the differences from 0. */
  readonly take: (hunk: Hunk, place: number) => void;
  readonly decline: (hunk: Hunk, place: number) => void;
}

const SHOWN = 60;

function shortened(text: string): string {
  const words = text.trim().replace(/\s+/g, " ");
  return words.length > SHOWN ? `${words.slice(0, SHOWN)}…` : words;
}

/** What a reader of the screen hears of a difference. */
function inWords({ mine, theirs }: Hunk): string {
  if (mine.trim() === "") return `add “${shortened(theirs)}”`;
  if (theirs.trim() === "") return `leave out “${shortened(mine)}”`;
  return `“${shortened(theirs)}” for “${shortened(mine)}”`;
}

/** The same for the words that stay. */
function keptInWords({ mine, theirs }: Hunk): string {
  if (mine.trim() === "") return `without “${shortened(theirs)}”`;
  if (theirs.trim() === "") return `with “${shortened(mine)}”`;
  return `“${shortened(mine)}”, not “${shortened(theirs)}”`;
}

function choice(kind: string, name: IconName, label: string, onPress: () => void): HTMLElement {
  const element = h(
    "button",
    { type: "button", class: `hunk-button ${kind}`, "aria-label": label, title: label },
    icon(name),
  );
  element.addEventListener("click", onPress);
  return element;
}

export function hunkText(parts: readonly Part[], commands: HunkCommands): HTMLElement {
  const hunks = hunksOf(parts);
  const pieces = parts.map((part) => {
    if ("same" in part) return part.same;
    const place = hunks.indexOf(part);
    const name = `Difference ${place + 1} of ${hunks.length}`;
    return h(
      "span",
      { class: "hunk", role: "group", "aria-label": name },
      part.mine !== "" && h("del", {}, part.mine),
      part.theirs !== "" && h("ins", {}, part.theirs),
      h(
        "span",
        { class: "hunk-buttons" },
        choice("hunk-take", "check", `Use: ${inWords(part)}`, () => commands.take(part, place)),
        choice("hunk-decline", "cross", `Keep mine here: ${keptInWords(part)}`, () =>
          commands.decline(part, place),
        ),
      ),
    );
  });
  return h("p", { class: "diff-text hunk-text" }, ...pieces);
}
