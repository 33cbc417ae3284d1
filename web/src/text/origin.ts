/** Where a note comes from and how far it can be trusted, in words. */

import type { NoteState, StoredNote } from "../state/note.ts";
import { count, dayAndTime } from "./words.ts";

export function modelWords(stored: StoredNote): string {
  if (!stored.model) return "";
  const adapter = stored.model.adapter ? ` with adapter ${stored.model.adapter}` : "";
  const time = stored.inferenceTime === null ? "" : ` in ${stored.inferenceTime.toFixed(1)} s`;
  return `Drafted by ${stored.model.name}${adapter}${time}`;
}

/** Where rules wrote in the model's place: all of the note, or a part of it. */
export function fallbackWords({ fallback, model }: Pick<StoredNote, "fallback" | "model">): string {
  if (!fallback) return "";
  return model
    ? "The model gave no usable text for a part of this note. Its sentences were picked from the transcript by rule."
    : "The model gave no usable note. These sentences were picked from the transcript by rule.";
}

export function signature(stored: StoredNote): string {
  if (stored.status !== "signed") return "";
  const when = stored.signedAt ? `, ${dayAndTime(stored.signedAt)}` : "";
  return `Signed by ${stored.signedBy ?? "the therapist"}${when}`;
}

/** A session that is longer than the context: the model did not read all of it word for word. */
function reducedWords({ reduced }: StoredNote): string {
  const [first, last] = [reduced[0], reduced.at(-1)];
  if (!first || !last) return "";
  return ` Turns ${first.first + 1} to ${last.last + 1} were read as facts, since the session is longer than the model reads at once.`;
}

export function trustWords(note: NoteState, stored: StoredNote): string {
  const sentences = note.sections.flatMap((section) => section.sentences);
  const unsupported = sentences.filter((sentence) => !sentence.supported).length;
  const missing = `${count(unsupported, "sentence has", "sentences have")} no source in the session.`;
  const all = sentences.length === 0 ? "" : "Every sentence has its source in the session.";
  const sources = unsupported > 0 ? missing : all;
  if (stored.coveredOf === null) return sources;
  const covered = stored.coveredOf - stored.uncovered.length;
  const reflected = `${covered} of ${count(stored.coveredOf, "turn is", "turns are")} reflected in the note.`;
  return `${sources} ${reflected}${reducedWords(stored)}`.trim();
}

export const STATUS = { draft: "AI draft, not reviewed", edited: "Edited, not signed", signed: "Signed" };
/** No model is asked for an overview; notes that nobody reviewed are among those that it is taken from. */
export function overviewWords(sessions: number): string {
  return `Over ${count(sessions, "session", "sessions")} · Taken from the notes, drafts among them; where there is none, from what was said`;
}

export const DEMONSTRATION = "Demonstration model, not fit for clinical use";

/** What must go with a note's text wherever it goes; empty where a person answers for it. */
export function warning({ status, demonstration }: StoredNote): string {
  const lines = [status === "signed" ? "" : STATUS[status], demonstration ? DEMONSTRATION : ""];
  return lines.filter(Boolean).join(" · ");
}

export function stateWords(note: NoteState): string {
  if (note.generation) return "Being written";
  return note.stored ? `${STATUS[note.stored.status]} · version ${note.stored.version}` : "";
}
