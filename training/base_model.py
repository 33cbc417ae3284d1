"""Loading a base model to train on, and putting an adapter on it.

A GGUF is dequantised by transformers, so an adapter learns on exactly the weights that serve. A folder of
safetensors may be loaded in 4 bits instead. ``.bin`` and ``.pt`` weights are programs and are refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from models.errors import ModelFileError
from training.settings import LLAMA_TARGETS, PHI3_TARGETS, TrainSettings


def load_base(base: Path, four_bit: bool = False) -> Any:
    """The causal language model of a GGUF or of a Hugging Face folder, float32 unless in 4 bits.

    Raises ``ModelFileError``."""
    if base.is_dir():
        return _from_folder(base, four_bit)
    if not base.is_file():
        raise ModelFileError(f"{base}: no such file; a GGUF or a folder of safetensors is needed")
    return _quantised(_from_gguf(base)) if four_bit else _from_gguf(base)


def _from_gguf(base: Path) -> Any:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    loaded = AutoModelForCausalLM.from_pretrained(base.parent, gguf_file=base.name, dtype=torch.float32)
    # What transformers loads from a GGUF calls itself quantised and refuses to be saved: the same weights in a model
    # that was never called so.
    config = AutoConfig.from_pretrained(base.parent, gguf_file=base.name)
    config.dtype = torch.float32
    model = AutoModelForCausalLM.from_config(config)
    model.load_state_dict(loaded.state_dict())
    model.tie_weights()
    return model


def _from_folder(base: Path, four_bit: bool) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    if not list(base.glob("*.safetensors")):
        raise ModelFileError(f"{base}: holds no .safetensors; other weight files are not read")
    if not four_bit:
        return AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, use_safetensors=True)
    return AutoModelForCausalLM.from_pretrained(
        base, dtype=torch.bfloat16, use_safetensors=True, quantization_config=_nf4()
    )


def _nf4() -> Any:
    import torch
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )


def _quantised(model: Any) -> Any:
    """A GGUF's weights in NF4, by way of a folder, which is the only way transformers quantises."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="casenote-base-") as folder:
        model.save_pretrained(folder)
        return _from_folder(Path(folder), four_bit=True)


def target_modules(model: Any) -> list[str]:
    """The linear layers of the model that an adapter goes on. Raises ``ModelFileError``."""
    names = {name.rsplit(".", 1)[-1] for name, _ in model.named_modules()}
    for targets in (PHI3_TARGETS, LLAMA_TARGETS):
        if set(targets) <= names:
            return list(targets)
    raise ModelFileError(f"{type(model).__name__}: neither the layers of Llama nor those of Phi-3; no adapter fits it")


def add_adapter(model: Any, settings: TrainSettings, start: Path | None = None) -> Any:
    """The model with a LoRA adapter to train: a fresh one, or that of folder ``start`` to go on from."""
    from peft import LoraConfig, PeftModel, get_peft_model, prepare_model_for_kbit_training

    if settings.four_bit:
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    if start is not None:
        return PeftModel.from_pretrained(model, str(start), is_trainable=True)
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=target_modules(model),
        bias="none",
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, config)
