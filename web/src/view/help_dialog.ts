/** Help: the keys, and what the marks mean. */

import { setSingleKeys, singleKeysOn } from "../effects/keys.ts";
import { choice, openDialog } from "./dialog.ts";
import { h } from "./dom.ts";
import { icon } from "./icons.ts";

const KEYS: readonly (readonly [string, string])[] = [
  ["?", "This help"],
  ["/", "Search the sessions"],
  ["↑ ↓", "From session to session, in the list"],
  ["Alt + 1 … 9", "To a section of the note"],
  ["Alt + 0", "To the transcript"],
  ["Alt + .", "To the next sentence without a source"],
  ["Alt + ,", "To the next suggestion of the model's"],
  ["Alt + G", "To the next turn that is not in the note"],
  ["Ctrl + S", "Save now"],
  ["Ctrl + Z", "Undo your own last change; what the model wrote is never undone"],
  ["Arrow keys in a section", "Show what was said for the sentence at the caret"],
  ["Tab", "Out of a section, to its suggestion and source"],
  ["Esc", "Close the source, or a dialog"],
];

export function openHelpDialog(): void {
  const single = h("input", { type: "checkbox", checked: singleKeysOn() });
  single.addEventListener("change", () => setSingleKeys(single.checked));
  openDialog("Help", [
    h("h3", { class: "field-label" }, "Keys"),
    h(
      "dl",
      { class: "keys" },
      ...KEYS.flatMap(([key, words]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, words)]),
    ),
    choice(single, "Single keys (? and /) work outside of text fields"),
    h("h3", { class: "field-label" }, "What the marks mean"),
    h(
      "ul",
      { class: "marks" },
      h("li", { class: "mark-ai" }, icon("spark"), "Drafted by the model, not reviewed by anybody."),
      h(
        "li",
        { class: "mark-person" },
        icon("pencil"),
        "Holds words of a person. The model no longer writes there.",
      ),
      h(
        "li",
        { class: "mark-signed" },
        icon("lock"),
        "Signed. It changes only by an addendum, or after it is unlocked.",
      ),
      h(
        "li",
        {},
        h("span", { class: "unsupported" }, "A sentence like this"),
        h("span", { class: "no-source" }, "no source"),
        " has nothing in the session that supports it.",
      ),
      h(
        "li",
        {},
        h("span", { class: "risk-word" }, "suicidal"),
        " is a risk word, in the note and in the transcript.",
      ),
      h("li", {}, "A turn with a dotted edge is not reflected in the note."),
    ),
  ]);
}
