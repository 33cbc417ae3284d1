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
  /** Begins with other values than the site's; what the person chose already stays. */
  readonly begin: (known: Readonly<Record<string, string>>) => void;
}

export function optionFields(options: readonly NoteOption[]): OptionFields {
  const chosen = new Set<HTMLSelectElement>();
  const fields = options.map((option) => {
    const select = h(
      "select",
      {},
      ...option.choices.map((value) =>
        h("option", { value, selected: value === option.default }, CHOICES[value] ?? inWords(value)),
      ),
    );
    select.addEventListener("change", () => chosen.add(select));
    return { option, select, element: field(NAMES[option.id] ?? inWords(option.id), select) };
  });
  return {
    elements: fields.map(({ element }) => element),
    begin: (known) => {
      for (const { option, select } of fields) {
        const before = known[option.id];
        if (before !== undefined && option.choices.includes(before) && !chosen.has(select))
          select.value = before;
      }
    },
    chosen: () =>
      Object.fromEntries(
        fields
          .filter(({ option, select }) => select.value !== option.default)
          .map(({ option, select }) => [option.id, select.value]),
      ),
  };
}
