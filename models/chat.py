"""Chat formats: how each family of models marks the turns of a conversation.

The product renders prompts itself: a template embedded in a GGUF is a program by whoever made the file, so it is
only read to recognise the family, never run.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.segments import Segment


@dataclass(frozen=True, slots=True)
class ChatFormat:
    """The control strings of a family. ``system_open`` empty: the family has no system turn, and what would stand
    there opens the user's turn."""

    name: str
    begin: str
    system_open: str
    system_close: str
    user_open: str
    user_close: str
    assistant_open: str
    assistant_close: str

    def opening(self, system: str) -> tuple[Segment, ...]:
        """From the start of the prompt to where the user's words begin."""
        if self.system_open:
            return (
                Segment(self.begin + self.system_open, control=True),
                Segment(system),
                Segment(self.system_close + self.user_open, control=True),
            )
        return (Segment(self.begin + self.user_open, control=True), Segment(system + "\n\n"))

    def answering(self) -> tuple[Segment, ...]:
        """From the end of the user's words to where the model's begin."""
        return (Segment(self.user_close + self.assistant_open, control=True),)

    def asking(self) -> tuple[Segment, ...]:
        """From the end of the model's words to where the user's begin again."""
        return (Segment(self.assistant_close + self.user_open, control=True),)


CHATML = ChatFormat(
    name="chatml",
    begin="",
    system_open="<|im_start|>system\n",
    system_close="<|im_end|>\n",
    user_open="<|im_start|>user\n",
    user_close="<|im_end|>\n",
    assistant_open="<|im_start|>assistant\n",
    assistant_close="<|im_end|>\n",
)
PHI3 = ChatFormat(
    name="phi3",
    begin="<s>",
    system_open="<|system|>\n",
    system_close="<|end|>\n",
    user_open="<|user|>\n",
    user_close="<|end|>\n",
    assistant_open="<|assistant|>\n",
    assistant_close="<|end|>\n",
)
LLAMA3 = ChatFormat(
    name="llama3",
    begin="<|begin_of_text|>",
    system_open="<|start_header_id|>system<|end_header_id|>\n\n",
    system_close="<|eot_id|>",
    user_open="<|start_header_id|>user<|end_header_id|>\n\n",
    user_close="<|eot_id|>",
    assistant_open="<|start_header_id|>assistant<|end_header_id|>\n\n",
    assistant_close="<|eot_id|>",
)
GEMMA = ChatFormat(
    name="gemma",
    begin="<bos>",
    system_open="",
    system_close="",
    user_open="<start_of_turn>user\n",
    user_close="<end_of_turn>\n",
    assistant_open="<start_of_turn>model\n",
    assistant_close="<end_of_turn>\n",
)
MISTRAL = ChatFormat(
    name="mistral",
    begin="<s>",
    system_open="",
    system_close="",
    user_open="[INST] ",
    user_close=" [/INST]",
    assistant_open="",
    assistant_close="</s>",
)

FAMILIES = {family.name: family for family in (CHATML, PHI3, LLAMA3, GEMMA, MISTRAL)}

# The marks by which a template is known, the most telling first.
_MARKS = (
    ("<|im_start|>", CHATML),
    ("<|start_header_id|>", LLAMA3),
    ("<start_of_turn>", GEMMA),
    ("<|assistant|>", PHI3),
    ("[INST]", MISTRAL),
)


def recognise(template: str) -> ChatFormat | None:
    """The family of a GGUF's ``tokenizer.chat_template``, or None."""
    return next((family for mark, family in _MARKS if mark in template), None)
