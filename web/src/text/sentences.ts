/** Where the sentences that the server knows stand in the text as it is now. */

import type { Sentence } from "../api/types.ts";
import { withoutMarkers } from "./markers.ts";

export interface PlacedSentence {
  readonly from: number;
  readonly to: number;
  readonly sentence: Sentence;
}

/** Each sentence once, in order, where its words still stand unchanged; changed ones are left out. */
export function placeSentences(text: string, sentences: readonly Sentence[]): readonly PlacedSentence[] {
  const placed: PlacedSentence[] = [];
  let from = 0;
  for (const sentence of sentences) {
    const words = withoutMarkers(sentence.text).trim();
    if (words === "") continue;
    const at = text.indexOf(words, from);
    if (at < 0) continue;
    placed.push({ from: at, to: at + words.length, sentence });
    from = at + words.length;
  }
  return placed;
}
