"""Models that go by a name in a store, such as ``models:/boilover@champion``, and the folders they lie in.

What stands before ``:/`` names an entry point of the group ``boilover.models``: a function from the whole name to a model folder.
The training package brings one for the MLflow registry; others can be installed beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import cast

from pipeline.errors import ModelError

GROUP = "boilover.models"
_NAME = re.compile(r"([a-z][a-z0-9+.-]+):/.+")  # two letters at least: C:/ is a drive


def folder_of(model: str | Path) -> Path:
    """The folder of a model that is given as a folder or by its name in a store.

    Raises:
        ModelError: no such store is installed, or it has no such model.
    """
    match = _NAME.fullmatch(str(model))
    if match is None:
        return Path(model)
    for entry in entry_points(group=GROUP, name=match[1]):
        try:
            find = cast("Callable[[str], Path]", entry.load())
        except ImportError as error:
            raise ModelError(
                f"the store of models {match[1]}:/ needs {error.name or entry.value}",
                path=str(model),
                fix="install boilover[train], or give a model folder.",
            ) from error
        return find(str(model))
    raise ModelError(
        f"no store of models {match[1]}:/ is installed",
        path=str(model),
        fix="install boilover[train], or give a model folder.",
    )
