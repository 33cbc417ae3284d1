/** Addresses after the ``#``: ``/sessions/12`` and ``/patients/7``. */

import type { Route } from "./state/state.ts";

export function readRoute(hash: string): Route {
  const match = /^#\/(sessions|patients)\/(\d{1,15})$/.exec(hash);
  if (match?.[1] === "sessions") return { view: "session", sessionId: Number(match[2]) };
  if (match?.[1] === "patients") return { view: "patient", patientId: Number(match[2]) };
  return { view: "home" };
}
