/** Risk words: the server's markers are read and taken off, and the words are found again wherever they stand. */

const MARKERS: readonly RegExp[] = [/\{\{red\}\}([\s\S]*?)\{\{\/redc?\}\}/gi, /\{\{red:([\s\S]*?)\}\}/gi];

/** The text as a person reads it: every spelling of the risk marker is replaced by the word inside it,
    and every line ends as it does in the editor. */
export function withoutMarkers(text: string): string {
  const lines = text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
  if (!lines.includes("{{")) return lines;
  return MARKERS.reduce((plain, marker) => plain.replace(marker, "$1"), lines);
}

const RISK_WORDS = [
  "suicid(?:e|es|al|ality|ally)",
  "self[- ]harm(?:s|ed|ing)?",
  "kill(?:s|ed|ing|er|ers)?",
  "hurt(?:s|ing)? (?:myself|himself|herself|themselves|themself|yourself|oneself)",
  "violence|violent(?:ly)?",
  "abus(?:e|es|ed|ing|ive|er|ers)",
  "overdos(?:e|es|ed|ing)",
].join("|");

const RISK = new RegExp(`(?<![\\p{L}\\p{N}])(?:${RISK_WORDS})(?![\\p{L}\\p{N}])`, "giu");

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Where risk words stand in a text without markers. */
export function riskSpans(text: string): readonly Span[] {
  return [...text.matchAll(RISK)].map((match) => ({ from: match.index, to: match.index + match[0].length }));
}
