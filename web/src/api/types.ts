/** The shapes of the HTTP interface, as the editor reads them. Nothing here knows the page. */

export type SessionStatus = "live" | "writing" | "closed" | "draft" | "edited" | "signed" | "failed";

export interface SessionItem {
  readonly id: number;
  readonly patientId: number;
  readonly number: number;
  readonly date: string;
  readonly status: SessionStatus;
  readonly turns: number;
  readonly updatedAt: string;
  readonly noteVersion: number | null;
  /** Tokens of a live session that the model has read, of those spoken so far; null where none reads along. */
  readonly reading: Reading | null;
}

export interface Reading {
  readonly done: number;
  readonly total: number;
  /** The session is longer than the model's context: a part of it is being written down. */
  readonly reducing: boolean;
}

export interface Turn {
  readonly index: number;
  readonly speaker: string;
  readonly text: string;
  /** Seconds from the beginning of the session. */
  readonly start: number | null;
}

export interface Transcript {
  readonly status: SessionStatus;
  readonly turns: readonly Turn[];
}

export interface Sentence {
  readonly text: string;
  readonly turns: readonly number[];
  readonly supported: boolean;
}

export type Author = "ai" | "person" | "both";

export interface NoteSection {
  readonly id: string;
  readonly heading: string;
  readonly text: string;
  readonly author: Author;
  readonly sentences: readonly Sentence[];
}

export interface RiskMention {
  readonly term: string;
  readonly category: string;
  readonly negated: boolean;
  readonly speaker: string;
  readonly turn: number | null;
}

export interface Addendum {
  readonly text: string;
  readonly author: string;
  readonly createdAt: string;
}

export interface ModelInfo {
  readonly name: string;
  readonly adapter: string | null;
}

export interface NoteDocument {
  readonly sessionId: number;
  readonly patientId: number;
  readonly version: number;
  readonly status: "draft" | "edited" | "signed";
  readonly format: string;
  readonly text: string;
  /** The summary first. */
  readonly sections: readonly NoteSection[];
  readonly risk: readonly RiskMention[];
  readonly coverage: {
    readonly turns: number;
    readonly uncovered: readonly number[];
    /** Runs of turns that the model read as facts, because the session is longer than its context. */
    readonly reduced: readonly { readonly first: number; readonly last: number }[];
  } | null;
  readonly authorship: {
    readonly isAiGenerated: boolean;
    readonly editedFromAi: boolean;
    readonly generatedAt: string | null;
    readonly lastEditedAt: string | null;
  };
  readonly model: ModelInfo | null;
  readonly fallback: boolean;
  readonly demonstration: boolean;
  readonly inferenceTime: number | null;
  readonly signedBy: string | null;
  readonly signedAt: string | null;
  readonly addenda: readonly Addendum[];
  readonly suggestions: Readonly<Record<string, string>>;
  readonly generation: { readonly id: string; readonly state: string } | null;
}

export interface NoteFormat {
  readonly id: string;
  readonly name: string;
  readonly sections: readonly { readonly id: string; readonly heading: string }[];
}

/** Something about a note that can be chosen each time: how long it is, whose terms it uses. */
export interface NoteOption {
  readonly id: string;
  readonly default: string;
  readonly choices: readonly string[];
}

export interface Revision {
  readonly version: number;
  readonly change: string;
  readonly author: string;
  readonly createdAt: string;
  readonly sections: readonly { readonly id: string; readonly heading: string; readonly text: string }[];
  readonly reason: string | null;
  readonly status: "draft" | "edited" | "signed";
  readonly demonstration: boolean;
  readonly addenda: readonly Addendum[];
}

export interface Me {
  readonly auth: "off" | "jwt";
  readonly subject: string | null;
}

/** What the page says about the model before there is a note. */
export interface Health {
  readonly status: string;
  readonly modelName: string | null;
  readonly modelLoaded: boolean;
  readonly demonstration: boolean;
}

export interface PatientSummary {
  readonly success: boolean;
  readonly message: string;
  readonly summary: string;
  readonly keyPoints: readonly string[];
  readonly sessionCount: number;
}

/** RFC 9457, as far as the page shows it. ``current`` comes with 412. */
export interface Problem {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly current: NoteDocument | null;
  /** With 404 of a note: it is being written. */
  readonly generating: boolean;
  /** With 404 of a note: why the last attempt left none. */
  readonly failure: string | null;
}

export type GenerationPhase = "queued" | "prefill" | "generating" | "checking";

export interface EventPosition {
  readonly generation: string;
  readonly attempt: number;
  readonly number: number;
}

export type StreamEvent =
  | {
      readonly kind: "status";
      readonly phase: GenerationPhase;
      readonly generation: string;
      readonly attempt: number;
      readonly position: number | null;
      readonly prefillDone: number;
      readonly prefillTotal: number;
      readonly tokensPerSecond: number | null;
      readonly etaSeconds: number | null;
    }
  | { readonly kind: "section"; readonly section: string; readonly heading: string }
  | { readonly kind: "token"; readonly section: string; readonly text: string }
  | {
      readonly kind: "reset";
      readonly attempt: number;
      readonly section: string | null;
      readonly reason: string;
    }
  | { readonly kind: "note"; readonly document: NoteDocument }
  | { readonly kind: "error"; readonly problem: Problem };
