/** Having the first note of a session written otherwise than the site is set up: in which format and style. */

import type { Commands } from "../effects/commands.ts";
import type { AppState } from "../state/state.ts";
import { field, openForm } from "./dialog.ts";
import { h } from "./dom.ts";
import { optionFields } from "./option_fields.ts";

/** ``action``: what is done then, which closes a session that goes on. */
export function openFirstNoteDialog(
  id: number,
  { formats, defaultFormat, options }: Pick<AppState, "formats" | "defaultFormat" | "options">,
  action: string,
  commands: Commands,
): void {
  const format = h(
    "select",
    {},
    ...formats.map(({ id, name }) => h("option", { value: id, selected: id === defaultFormat }, name)),
  );
  const wishes = optionFields(options);
  openForm({
    title: "Format and style",
    action,
    body: [h("div", { class: "field-grid" }, field("Format", format), ...wishes.elements)],
    submit: async () => {
      void commands.writeAs(id, format.value === defaultFormat ? null : format.value, wishes.chosen());
      return true;
    },
  });
}
