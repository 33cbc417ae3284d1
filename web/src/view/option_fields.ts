/** The options of a note as fields: how long it is, how much it quotes, whose terms it uses. */

import type { NoteOption } from "../api/types.ts";
import { field } from "./dialog.ts";
import { h } from "./dom.ts";

const NAMES: Readonly<Record<string, string>> = {
  density: "Length",
  quoting: "The patient's own words",
  modality: "Terms of",
};

const CHOICES: Readonly<Record<string, string>> = {
  none: "Not quoted",
  key: "Quoted where they matter",
  many: "Quoted often",
  general: "No school in particular",
  cbt: "CBT",
  dbt: "DBT",
  act: "ACT",
  emdr: "EMDR",
  motivational: "Motivational interviewing",
};

function inWords(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

export interface OptionFields {
  readonly elements: readonly HTMLElement[];
  /** The values that are not the site's. */
  readonly chosen: () => Readonly<Record<string, string>>;
}

function preselected(option: NoteOption, known: Readonly<Record<string, string>>): string {
  const before = known[option.id];
  return before !== undefined && option.choices.includes(before) ? before : option.default;
}

/** ``known``: what was chosen before, where it was not the site's. */
export function optionFields(
  options: readonly NoteOption[],
  known: Readonly<Record<string, string>> = {},
): OptionFields {
  const fields = options.map((option) => {
    const select = h(
      "select",
      {},
      ...option.choices.map((value) =>
        h(
          "option",
          { value, selected: value === preselected(option, known) },
          CHOICES[value] ?? inWords(value),
        ),
      ),
    );
    return { option, select, element: field(NAMES[option.id] ?? inWords(option.id), select) };
  });
  return {
    elements: fields.map(({ element }) => element),
    chosen: () =>
      Object.fromEntries(
        fields
          .filter(({ option, select }) => select.value !== option.default)
          .map(({ option, select }) => [option.id, select.value]),
      ),
  };
}
