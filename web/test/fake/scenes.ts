/** Sample words for the fake server. */

import { FakeSession, type FakeTurn } from "./server.ts";

const SAID: readonly (readonly [string, string])[] = [
  ["therapist", "Good to see you. How has the week been since we last met?"],
  ["client", "Mostly heavy. I wake at four and lie there going over everything I did wrong at work."],
  [
    "therapist",
    "When you lie there at four, do any thoughts come about not wanting to live, or about hurting yourself?",
  ],
  ["client", "No. I am not suicidal. I just want it to be quiet for once."],
  ["therapist", "Thank you for telling me plainly. What does the worry say, in its own words?"],
  ["client", "That they will find out I am not good enough, and that my sister would have managed."],
  ["therapist", "Let us write that one down and look at what speaks for it and what speaks against it."],
  ["client", "All right. I did finish the report. My boss even thanked me, and I forgot it by noon."],
  ["therapist", "That is worth keeping. Could you note one such thing each evening until next Tuesday?"],
  ["client", "I can try that. And the walk before breakfast, that one helped a little."],
];

const SCRIPT: Readonly<Record<string, string>> = {
  chief_complaint:
    "The patient reports early waking at four and persistent worry about failing at work. She compares herself with her sister.",
  emotional_state:
    "Mood is described as heavy. The patient appears tired and self-critical, with some relief when a success is named.",
  risk: "The patient was asked about thoughts of not living and denied being {{RED:suicidal}}. No plan or intent was stated.",
  intervention:
    "The therapist used a thought record for the belief of not being good enough. Evidence for and against it was listed.",
  progress: "The patient finished a report and was thanked for it. The morning walk helped a little.",
  plan: "Write down one thing that went well each evening until next Tuesday. Keep the walk before breakfast.",
};

export function script(section: string): string {
  return SCRIPT[section] ?? "";
}

export function turns(count: number): FakeTurn[] {
  return Array.from({ length: count }, (_, index) => {
    const [speaker, text] = SAID[index % SAID.length] ?? ["client", ""];
    return { index, speaker, text, start: index * 9.5 };
  });
}

export function session(id: number, count = 10): FakeSession {
  return new FakeSession(id, turns(count), script);
}
