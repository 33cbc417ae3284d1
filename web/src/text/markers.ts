/** Risk words: the server's markers are read and taken off, and the words are found again wherever they stand. */

const MARKERS: readonly RegExp[] = [/\{\{red\}\}([\s\S]*?)\{\{\/redc?\}\}/gi, /\{\{red:([\s\S]*?)\}\}/gi];

/** The text as a person reads it: every spelling of the risk marker is replaced by the word inside it,
    and every line ends as it does in the editor. */
export function withoutMarkers(text: string): string {
  const lines = text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
  if (!lines.includes("{{")) return lines;
  return MARKERS.reduce((plain, marker) => plain.replace(marker, "$1"), lines);
}

/** Those that the server marks, with all their inflections; a browser test holds the two lists together. */
const RISK_WORDS = [
  "suicid(?:e|es|ed|al|ally|ality|alities|ing)",
  "self(?:[-\u2010\u2011\u2013]|\\s+)?harm(?:s|ed|er|ers|ing|ful)?",
  "kill(?:s|ed|er|ers|ing|ings)?",
  "hurt(?:s|ing)?\\s+(?:myself|yourself|himself|herself|themselves|themself|ourselves|yourselves|oneself|itself)",
  "violen(?:ce|ces|t|tly)",
  "abus(?:e|es|ed|er|ers|ing|ive|ively|iveness)",
  "overdos(?:e|es|ed|ing|age|ages|er|ers)",
].join("|");

const RISK = new RegExp(`(?<![\\p{L}\\p{N}_])(?:${RISK_WORDS})(?![\\p{L}\\p{N}_])`, "giu");

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Where risk words stand in a text without markers. */
export function riskSpans(text: string): readonly Span[] {
  return [...text.matchAll(RISK)].map((match) => ({ from: match.index, to: match.index + match[0].length }));
}
