/** The open note: its sections, who owns their words, the running generation, and what is not saved yet. */

import type {
  Addendum,
  Author,
  EventPosition,
  GenerationPhase,
  ModelInfo,
  NoteDocument,
  Problem,
  RiskMention,
  Sentence,
} from "../api/types.ts";

/** What the model is doing with a section in the running generation. */
export type Drafting = "no" | "waiting" | "writing";

/** Two people changed one section; until a person chose, it is not saved again. */
export interface Conflict {
  readonly base: string;
  readonly theirs: string;
}

export interface SectionState {
  readonly id: string;
  readonly heading: string;
  /** What the editor shows, without risk markers. */
  readonly text: string;
  /** The stored text that ``text`` grew from. */
  readonly base: string;
  /** The stored text's author; null while nothing is stored. */
  readonly author: Author | null;
  /** A person's words are in it: the model may no longer write here. */
  readonly mine: boolean;
  /** A person typed here since the text last matched a stored version. */
  readonly typed: boolean;
  readonly drafting: Drafting;
  /** What the running generation wrote for this section so far, markers and all. */
  readonly drafted: string;
  /** The model's text beside a person's, as far as the person has not settled it. */
  readonly suggestion: string | null;
  /** What was left of the one before, while the running generation writes another in its place. */
  readonly putAside: string | null;
  /** The texts that ``suggestion`` is what is left of: what was declined of them is not offered again. */
  readonly offered: readonly string[];
  /** The person declined words of the suggestion, and the server does not know it. */
  readonly declined: boolean;
  /** Texts that were sent and may be stored although no answer came. */
  readonly sent: readonly string[];
  /** Words of a person that must become a version before ``text`` replaces them. */
  readonly owed: readonly string[];
  readonly conflict: Conflict | null;
  /** A person's words that came too late: the note was signed without them. */
  readonly late: string | null;
  /** Neither the note nor its format has this section: nothing can be stored in it. */
  readonly stray: boolean;
  readonly sentences: readonly Sentence[];
}

export interface Heading {
  readonly id: string;
  readonly heading: string;
}

export interface Generation {
  /** Empty until the first event names it. */
  readonly id: string;
  readonly attempt: number;
  readonly phase: GenerationPhase;
  readonly queuePosition: number | null;
  readonly prefillDone: number;
  readonly prefillTotal: number;
  readonly tokensPerSecond: number | null;
  readonly etaSeconds: number | null;
  readonly restarts: number;
}

export type Connection = "idle" | "connecting" | "open" | "lost";

export type Saving =
  | { readonly state: "idle" }
  /** ``again``: it failed before, and nothing was stored since. */
  | { readonly state: "sending"; readonly again: boolean }
  | { readonly state: "waiting"; readonly reason: string };

export interface StoredNote {
  readonly version: number;
  readonly status: "draft" | "edited" | "signed";
  readonly format: string;
  readonly isAiGenerated: boolean;
  readonly editedFromAi: boolean;
  readonly generatedAt: string | null;
  readonly lastEditedAt: string | null;
  readonly model: ModelInfo | null;
  readonly fallback: boolean;
  readonly demonstration: boolean;
  readonly inferenceTime: number | null;
  readonly risk: readonly RiskMention[];
  readonly uncovered: readonly number[];
  readonly coveredOf: number | null;
  /** Runs of turns that the model read as facts. */
  readonly reduced: readonly { readonly first: number; readonly last: number }[];
  readonly addenda: readonly Addendum[];
  readonly signedBy: string | null;
  readonly signedAt: string | null;
  /** What the server holds of suggestions, by section. */
  readonly suggestions: Readonly<Record<string, string>>;
  /** The ids of its sections. */
  readonly holds: readonly string[];
  /** Another version of it is on its way, perhaps in another format. */
  readonly writing: boolean;
}

export interface NoteState {
  readonly sessionId: number;
  readonly loaded: boolean;
  /** Null while nothing is stored. */
  readonly stored: StoredNote | null;
  /** The format that the running generation writes, where it is another one than the stored note's. */
  readonly format: string | null;
  /** The headings of the note's format: a place for every section, written or not. */
  readonly headings: readonly Heading[];
  readonly sections: readonly SectionState[];
  readonly generation: Generation | null;
  readonly connection: Connection;
  /** The last event that was taken in; the stream resumes after it. */
  readonly lastEvent: EventPosition | null;
  /** Events are missing: the stream must be opened anew, or was, and what still misses does not exist. */
  readonly resync: "none" | "asked" | "done";
  readonly saving: Saving;
  readonly savedAt: number | null;
  /** Why the last generation ended without a note. */
  readonly failure: Problem | null;
}

export function emptyNote(sessionId: number): NoteState {
  return {
    sessionId,
    loaded: false,
    stored: null,
    format: null,
    headings: [],
    sections: [],
    generation: null,
    connection: "idle",
    lastEvent: null,
    resync: "none",
    saving: { state: "idle" },
    savedAt: null,
    failure: null,
  };
}

export function emptySection(id: string, heading: string): SectionState {
  return {
    id,
    heading,
    text: "",
    base: "",
    author: null,
    mine: false,
    typed: false,
    drafting: "no",
    drafted: "",
    suggestion: null,
    putAside: null,
    offered: [],
    declined: false,
    sent: [],
    owed: [],
    conflict: null,
    late: null,
    stray: false,
    sentences: [],
  };
}

export function storedNote(document: NoteDocument): StoredNote {
  return {
    version: document.version,
    status: document.status,
    format: document.format,
    isAiGenerated: document.authorship.isAiGenerated,
    editedFromAi: document.authorship.editedFromAi,
    generatedAt: document.authorship.generatedAt,
    lastEditedAt: document.authorship.lastEditedAt,
    model: document.model,
    fallback: document.fallback,
    demonstration: document.demonstration,
    inferenceTime: document.inferenceTime,
    risk: document.risk,
    uncovered: document.coverage?.uncovered ?? [],
    coveredOf: document.coverage?.turns ?? null,
    reduced: document.coverage?.reduced ?? [],
    addenda: document.addenda,
    signedBy: document.signedBy,
    signedAt: document.signedAt,
    suggestions: document.suggestions,
    holds: document.sections.map(({ id }) => id),
    writing: document.generation !== null,
  };
}

/** The note with one section replaced by what ``change`` makes of it; unknown ids change nothing. */
export function withSection(
  note: NoteState,
  id: string,
  change: (section: SectionState) => SectionState,
): NoteState {
  let changed = false;
  const sections = note.sections.map((section) => {
    if (section.id !== id) return section;
    const next = change(section);
    changed ||= next !== section;
    return next;
  });
  return changed ? { ...note, sections } : note;
}

/** The running generation writes its own version beside a person's words, and it is not whole yet. */
export function isSuggesting(section: SectionState): boolean {
  return section.mine && section.drafting !== "no" && section.drafted !== "";
}

/** What a person has left of a whole suggestion: half of one is nobody's to settle, and is not stored. */
export function openSuggestion(section: SectionState): string | null {
  return isSuggesting(section) ? section.putAside : section.suggestion;
}

/** The section without the half of a suggestion that the running generation got to. */
export function withoutHalf(section: SectionState): SectionState {
  return { ...section, suggestion: openSuggestion(section), putAside: null };
}

/** A person's words that the server does not have yet. */
export function isUnsaved(section: SectionState): boolean {
  return section.owed.length > 0 || (section.mine && section.text !== section.base);
}

/** Such words of a section, in the order in which they are to become versions. */
export function unsavedWords({ owed, mine, text, base }: SectionState): readonly string[] {
  return mine && text !== base ? [...owed, text] : owed;
}

/** What stands beside a signed section: the words that came too late, and ``words``, so far as it does not hold them. */
export function lateBeside(late: string | null, words: readonly string[], signed: string): string | null {
  const left = words.filter((word) => word.trim() !== "" && word !== signed && !late?.includes(word));
  const all = [...(late === null ? [] : [late]), ...new Set(left)];
  return all.length > 0 ? all.join("\n\n") : null;
}

/** A section that is not in the note: a person's unsaved words for it stand beside it. */
export function besideOnly(section: SectionState): SectionState {
  const late = lateBeside(section.late, unsavedWords(section), "");
  return { ...emptySection(section.id, section.heading), late };
}

export function hasUnsaved(note: NoteState): boolean {
  return note.sections.some(
    (section) => isUnsaved(section) || section.declined || section.conflict !== null || section.late !== null,
  );
}

export function isLocked(note: NoteState): boolean {
  return note.stored?.status === "signed";
}
