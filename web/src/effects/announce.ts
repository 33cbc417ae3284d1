/** Says in one polite status region what happened; the growing text itself is never read out. */

import { hasUnsaved } from "../state/note.ts";
import type { AppState, OpenSession } from "../state/state.ts";
import type { Store } from "../store.ts";
import { count } from "../text/words.ts";

function aboutGeneration(open: OpenSession, before: OpenSession): string | null {
  const { generation } = open.note;
  const old = before.note.generation;
  if (generation && generation.phase !== old?.phase) {
    const words = {
      queued: "The note waits for the model.",
      prefill: "The model reads the session.",
      generating: "The note is being written.",
      checking: "Each sentence is checked against the session.",
    };
    return words[generation.phase];
  }
  if (generation && old && generation.restarts > old.restarts) return "The model started again.";
  if (!generation && old && open.note.failure) return `The note was not written. ${open.note.failure.detail}`;
  if (!generation && old && open.note.stored) return finished(open);
  return null;
}

function finished(open: OpenSession): string {
  const sentences = open.note.sections.flatMap((section) => section.sentences);
  const unsupported = sentences.filter((sentence) => !sentence.supported).length;
  const trust =
    unsupported === 0 ? "" : ` ${count(unsupported, "sentence has", "sentences have")} no source.`;
  return `The note is ready.${trust}`;
}

function aboutWork(open: OpenSession, before: OpenSession): string | null {
  const conflict = open.note.sections.find(
    (section, index) => section.conflict && !before.note.sections[index]?.conflict,
  );
  if (conflict) return `Somebody else changed ${conflict.heading} too. Both texts are shown.`;
  if (open.note.connection === "lost" && before.note.connection !== "lost") return "The connection is lost.";
  if (open.note.connection === "open" && before.note.connection === "lost") return "The connection is back.";
  if (hasUnsaved(before.note) && !hasUnsaved(open.note)) return "Saved.";
  return null;
}

function announcement(state: AppState, before: AppState): string | null {
  if (!state.open || state.open.id !== before.open?.id || state.open.note === before.open.note) return null;
  return aboutGeneration(state.open, before.open) ?? aboutWork(state.open, before.open);
}

export function announce(store: Store, region: HTMLElement): void {
  store.addEffect((state, before) => {
    const words = state.notice !== before.notice ? state.notice?.text : announcement(state, before);
    if (words) region.textContent = words;
  });
}
