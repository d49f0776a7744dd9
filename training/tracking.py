"""Runs and registered models in MLflow: the only module that imports it.

The registry holds versions of one model, ``boilover``. The alias ``challenger`` follows the latest training run, ``champion`` moves
only through the gate of ``boilover promote``. A version is a pyfunc model whose artifact is a model folder, as the runtime reads it.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, distribution, requires, version
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import mlflow
import pandas as pd
from mlflow.environment_variables import MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR as PROGRESS_BAR
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.types.schema import ColSpec, Schema

from pipeline.api import Model
from pipeline.errors import ModelError
from pipeline.models.bundle import MANIFEST, read_manifest
from pipeline.serialise import dump_line

EXPERIMENT = "boilover"
REGISTERED = "boilover"
CHAMPION, CHALLENGER = "champion", "challenger"
CHECKSUM = "manifest.sha256"
"""Tag of a version: which model folder it holds."""
SIGNATURE = ModelSignature(
    inputs=Schema([ColSpec("string", "text")]),
    outputs=Schema(
        [
            ColSpec("string", "language"),
            ColSpec("double", "anger"),
            ColSpec("double", "frustration"),
            ColSpec("string", "polarity"),
            ColSpec("string", "signals"),
            ColSpec("double", "risk"),
        ]
    ),
)

EXAMPLE = pd.DataFrame({"text": ["第三次问了，再不退款我就打12315", "thanks, that works"]})


class ServedModel(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    """A model folder behind MLflow's interface; boilover must be installed where it is loaded."""

    def load_context(self, context: Any) -> None:
        """Load the folder that was logged as the artifact ``folder``."""
        self.model = Model.load(context.artifacts["folder"])

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Scores of customer messages, each on its own.

        Args:
            context: not used.
            model_input: frame with a column ``text``.
            params: not used.

        Returns:
            Frame with the columns of ``SIGNATURE``, a row a message, with the index of the input; ``signals`` is JSON text.
        """
        del context, params
        texts = ["" if text is None or text != text else str(text) for text in model_input["text"]]  # noqa: PLR0124 (NaN)
        rows = [{**row, "signals": dump_line(row["signals"])} for row in self.model.score(texts)]
        return pd.DataFrame(rows, columns=SIGNATURE.outputs.input_names(), index=model_input.index)


def serve() -> None:
    """Name the class that MLflow is to run; called by ``training.served``."""
    mlflow.models.set_model(ServedModel())


class Run:
    """An open MLflow run."""

    def metrics(self, values: Mapping[str, float], *, step: int | None = None) -> None:
        """Log numbers; names may hold letters, digits, ``_ . / -`` and blanks."""
        mlflow.log_metrics({name.replace("@", "_at_"): float(value) for name, value in values.items()}, step=step)

    def file(self, path: Path, folder: str | None = None) -> None:
        """Log a file, or all files of a folder."""
        if path.is_dir():
            mlflow.log_artifacts(str(path), folder)
        else:
            mlflow.log_artifact(str(path), folder)

    def register(self, folder: Path, *, alias: str | None = None) -> str:
        """Log a model folder as a pyfunc model and register it; returns the number of the version.

        Args:
            folder: a model folder.
            alias: moved to the new version where given.

        Raises:
            ModelError: the folder holds no model.
        """
        _, identity = read_manifest(folder)
        PROGRESS_BAR.set(False)
        logged = mlflow.pyfunc.log_model(
            name="model",
            python_model=str(Path(__file__).with_name("served.py")),
            artifacts={"folder": str(folder)},
            signature=SIGNATURE,
            input_example=EXAMPLE,
            pip_requirements=pip_requirements(),
            registered_model_name=REGISTERED,
        )
        number = str(logged.registered_model_version)
        client = mlflow.MlflowClient()
        client.set_model_version_tag(REGISTERED, number, CHECKSUM, identity.sha256)
        if alias is not None:
            client.set_registered_model_alias(REGISTERED, alias, number)
        return number


@contextmanager
def run(name: str, *, uri: str | None, parameters: Mapping[str, object], tags: Mapping[str, str]) -> Iterator[Run]:
    """Open a run, and close it as finished or failed.

    Args:
        name: of the run.
        uri: tracking store, e.g. ``sqlite:///mlflow.db``; ``MLFLOW_TRACKING_URI`` or MLflow's own default where not given.
        parameters: configuration, flat.
        tags: data checksums.
    """
    use(uri)
    mlflow.set_experiment(EXPERIMENT)
    with mlflow.start_run(run_name=name):
        mlflow.log_params({key: str(value)[:500] for key, value in parameters.items()})
        mlflow.set_tags({**tags, "git.commit": git_commit()})
        yield Run()


def use(uri: str | None) -> None:
    """Work with this store from here on."""
    if uri is not None:
        mlflow.set_tracking_uri(uri)


def folder_of(model: str) -> Path:
    """The folder of a registered model, fetched where the store is elsewhere.

    Args:
        model: ``models:/boilover@champion`` or ``models:/boilover/3``.

    Raises:
        ModelError: the store cannot be reached or has no such model, or the model was not logged by ``Run.register``.
    """
    _demand_store(model)
    PROGRESS_BAR.set(False)
    try:
        root = Path(mlflow.artifacts.download_artifacts(model)).resolve()
    except (MlflowException, OSError) as error:
        raise ModelError(
            f"the registry at {mlflow.get_tracking_uri()} does not give this model ({type(error).__name__})",
            path=model,
            fix="train and register one with `boilover train`, or set MLFLOW_TRACKING_URI.",
        ) from error
    found = sorted(root.glob(f"artifacts/*/{MANIFEST}"))
    if not found:
        raise ModelError(
            "the registered model holds no model folder", path=model, fix="register it with `boilover train`."
        )
    return found[0].parent


def _demand_store(model: str) -> None:
    """Reading makes no store: MLflow would write an empty database where there is none."""
    uri = urlsplit(mlflow.get_registry_uri())
    if uri.scheme == "sqlite" and not Path(unquote(uri.path).removeprefix("/")).is_file():
        raise ModelError(
            f"there is no MLflow store at {uri.geturl()}",
            path=model,
            fix="set MLFLOW_TRACKING_URI, or run the command where mlflow.db lies.",
        )


def champion() -> str | None:
    """Name of the present champion in the registry; nothing where there is none."""
    return None if _aliased(CHAMPION) is None else f"models:/{REGISTERED}@{CHAMPION}"


def _aliased(alias: str) -> str | None:
    try:
        return str(mlflow.MlflowClient().get_model_version_by_alias(REGISTERED, alias).version)
    except MlflowException:
        return None


def crown(folder: Path, *, model: str, figures: Mapping[str, float], uri: str | None) -> str:
    """Make a model the champion; one that no version of the registry holds is registered first.

    Args:
        folder: the model's folder.
        model: what the user called it.
        figures: logged with it where it is registered.
        uri: see ``run``.

    Returns:
        The number of the version.
    """
    use(uri)
    _, identity = read_manifest(folder)
    client = mlflow.MlflowClient()
    held = [
        v for v in client.search_model_versions(f"name = '{REGISTERED}'") if v.tags.get(CHECKSUM) == identity.sha256
    ]
    if held:
        number = str(max(int(v.version) for v in held))
    else:
        with run(f"promote {folder.name}", uri=uri, parameters={"model": model}, tags={}) as opened:
            opened.metrics(figures)
            number = opened.register(folder)
    client.set_registered_model_alias(REGISTERED, CHAMPION, number)
    return number


def pip_requirements() -> list[str]:
    """What a served model needs beside boilover itself, which is installed from its own wheel, at the versions at work here."""
    names = ["mlflow", "pandas", *(line for line in requires("boilover") or () if "extra ==" not in line)]
    names = [re.split(r"[^A-Za-z0-9._-]", name, maxsplit=1)[0] for name in names]
    return [f"{name}=={version(name)}" for name in names]


def environment(*names: str) -> str:
    """Lines as of ``pip freeze`` for boilover, its dependencies of every extra, and ``names``."""
    wanted = {re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0] for line in requires("boilover") or ()}
    lines = []
    for name in sorted({"boilover", *wanted, *names}, key=str.lower):
        try:
            lines.append(f"{distribution(name).metadata['Name']}=={version(name)}")
        except PackageNotFoundError:
            continue
    return "\n".join(lines) + "\n"


def git_commit() -> str:
    """The checkout's commit, with ``+changes`` where the tree differs from it; ``unknown`` outside a checkout."""
    try:
        commit = _git("rev-parse", "HEAD")
        return commit + ("+changes" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout.strip()
