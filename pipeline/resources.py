"""Files that ship with the code: configuration, word lists, the model.

In a checkout they lie at the top level (``configs/``, ``data/models/``); a wheel carries
copies inside the package. Both are found here and nowhere else.
"""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import ConfigError

_PACKAGED = Path(__file__).parent / "resources"
_CHECKOUT = Path(__file__).parents[1]


def resource(*parts: str) -> Path:
    """Path of a shipped file or folder, e.g. ``resource("configs", "alerts.yaml")``.

    Raises:
        ConfigError: neither the package nor a checkout has it.
    """
    in_checkout = ("data", *parts) if parts[0] == "models" else parts
    for candidate in (_PACKAGED.joinpath(*parts), _CHECKOUT.joinpath(*in_checkout)):
        if candidate.exists():
            return candidate
    raise ConfigError(f"shipped file {'/'.join(parts)} is missing", fix="reinstall boilover.")
