/** Having the note written anew: which sections, in which format, and what becomes of a person's words. */

import type { Commands } from "../effects/commands.ts";
import type { SectionState } from "../state/note.ts";
import type { AppState, OpenSession } from "../state/state.ts";
import { choice, field, openForm } from "./dialog.ts";
import { h } from "./dom.ts";
import { optionFields } from "./option_fields.ts";

interface SectionChoice {
  readonly id: string;
  readonly mine: boolean;
  readonly box: HTMLInputElement;
  readonly element: HTMLElement;
}

function sectionChoice(section: SectionState): SectionChoice {
  const box = h("input", { type: "checkbox", checked: !section.mine });
  const detail = section.mine ? "Holds your words" : "As the AI drafted it";
  return { box, id: section.id, mine: section.mine, element: choice(box, section.heading, detail) };
}

function radio(name: string, checked: boolean): HTMLInputElement {
  return h("input", { type: "radio", name, checked });
}

export function openRegenerateDialog(
  open: OpenSession,
  { formats, options }: Pick<AppState, "formats" | "options">,
  commands: Commands,
): void {
  const current = open.note.stored?.format ?? formats[0]?.id ?? "";
  const format = h(
    "select",
    {},
    ...formats.map(({ id, name }) => h("option", { value: id, selected: id === current }, name)),
  );
  const wishes = optionFields(options);
  // They are asked for when they are needed; nobody waits for them to see the dialog.
  void commands.optionsOf(open.id).then(wishes.begin);
  const sections = open.note.sections.map(sectionChoice);
  const list = h(
    "fieldset",
    { class: "choices choices-grid" },
    h("legend", { class: "field-label" }, "Sections to write anew"),
    ...sections.map(({ element }) => element),
  );
  const keep = radio("own", true);
  const replace = radio("own", false);
  const own = h(
    "fieldset",
    { class: "choices" },
    h("legend", { class: "field-label" }, "Your own words"),
    choice(keep, "Keep them", "The model's version appears beside them as a suggestion."),
    choice(replace, "Let the model replace them", "They stay in the versions of the note."),
  );
  // What becomes of a person's words is only asked where the model would write over them.
  const ask = (): void => {
    const other = format.value !== current;
    list.hidden = other;
    own.hidden = !sections.some(({ mine, box }) => mine && (other || box.checked));
  };
  format.addEventListener("change", ask);
  list.addEventListener("change", ask);
  ask();
  openForm({
    title: "Write the note anew",
    action: "Write anew",
    body: [h("div", { class: "field-grid" }, field("Format", format), ...wishes.elements), list, own],
    submit: async () => {
      const other = format.value !== current;
      const chosen = sections.filter(({ box }) => box.checked).map(({ id }) => id);
      const all = other || chosen.length === sections.length;
      if (!all && chosen.length === 0) {
        commands.failed("Choose a section that is to be written anew.");
        return false;
      }
      void commands.generate(open.id, {
        regenerate: true,
        sections: all ? null : chosen,
        format: other ? format.value : null,
        force: replace.checked,
        options: wishes.chosen(),
      });
      return true;
    },
  });
}
