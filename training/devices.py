"""What a training can run on."""

from __future__ import annotations

import re


def check_device(name: str) -> None:
    """Raises ``ValueError``, before anything is read or loaded, for a device that is none or is not here."""
    if not re.fullmatch(r"cpu|cuda(:\d+)?", name):
        raise ValueError(f"--device is {name}: it must be cpu, cuda, or cuda:N for one of several")
    if name == "cpu":
        return
    import torch

    if not torch.cuda.is_available():
        raise ValueError(f"--device is {name}: there is no GPU here, or this torch is without CUDA; cpu works anywhere")
    if int(name.partition(":")[2] or 0) >= torch.cuda.device_count():
        raise ValueError(f"--device is {name}: there are {torch.cuda.device_count()}, counted from cuda:0")
