/** A person's words that the server does not have, as they are kept on this machine and come back. Pure. */

import type { NoteState, SectionState } from "../state/note.ts";
import { isUnsaved } from "../state/note.ts";

export interface KeptWords {
  readonly id: string;
  readonly heading: string;
  /** The stored text that ``text`` grew from. */
  readonly base: string;
  readonly text: string;
  /** Words that must become a version before ``text``. */
  readonly owed: readonly string[];
  /** Words without which the note was signed. */
  readonly late: string | null;
}

function kept(section: SectionState): KeptWords | null {
  const { id, heading, late, text, owed } = section;
  // What somebody else stored meanwhile is not what the words grew from: the choice between both is still open.
  const base = section.conflict?.base ?? section.base;
  if (isUnsaved(section)) return { id, heading, base, text, owed, late };
  return late === null ? null : { id, heading, base, text: base, owed: [], late };
}

export function wordsToKeep(note: NoteState): readonly KeptWords[] {
  return note.sections.map(kept).filter((words) => words !== null);
}

function words(value: unknown): KeptWords | null {
  if (typeof value !== "object" || value === null) return null;
  const { id, heading, base, text, owed, late } = value as Record<string, unknown>;
  const texts = [id, heading, base, text];
  if (!texts.every((part) => typeof part === "string") || !Array.isArray(owed)) return null;
  const known = {
    owed: owed.filter((part) => typeof part === "string"),
    late: typeof late === "string" ? late : null,
  };
  return { ...(value as KeptWords), ...known };
}

/** What was written by ``JSON.stringify``; anything else is left out. */
export function readWords(json: string): readonly KeptWords[] {
  const value: unknown = JSON.parse(json);
  return Array.isArray(value) ? value.map(words).filter((entry) => entry !== null) : [];
}
