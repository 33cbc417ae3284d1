/** Whether the clinic may train its model on this session: said by the patient, kept here, taken back at any time. */

import * as api from "../api/client.ts";
import type { Commands } from "../effects/commands.ts";
import { choice, openForm } from "./dialog.ts";
import { h } from "./dom.ts";

export async function openTrainingDialog(id: number, commands: Commands): Promise<void> {
  const allowed = h("input", { type: "checkbox" });
  try {
    allowed.checked = await api.fetchTrainingConsent(id);
  } catch (error) {
    if (!(error instanceof api.CallFailed)) throw error;
    commands.failed(error.message);
    return;
  }
  if (!commands.isOpen(id)) return;
  openForm({
    title: "Training on this session",
    action: "Keep",
    body: [
      choice(
        allowed,
        "The patient agreed that the clinic trains its model on this session and its signed note.",
        "Both stay in the building. It can be taken back at any time; a model that was trained before is not unmade by that.",
      ),
    ],
    submit: () => commands.allowTraining(id, allowed.checked),
  });
}
