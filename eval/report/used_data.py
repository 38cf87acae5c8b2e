"""The data that a run used, by name, digest and source, as MLflow lists them; keeps no text of anybody."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eval.results import data_sha256

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.data.dataset import Dataset

_DIGEST_CHARS = 16
"""Of a SHA-256; MLflow takes 36 at most."""


@dataclass(frozen=True, slots=True, eq=False)
class UsedData:
    """Texts that were used together, with what is known of them; or a file or folder, known by its bytes."""

    name: str
    source: str
    """Path of the file or folder that they come from."""
    texts: Sequence[str] = ()
    labels: Sequence[str] | None = None
    """One a text; `None` for texts without."""
    sha256: str = ""
    """Of the bytes, where no texts are given."""

    @classmethod
    def at(cls, path: Path) -> "UsedData":
        """The file or folder at `path`."""
        return cls(path.name, str(path), sha256=data_sha256(path))

    @property
    def digest(self) -> str:
        """The same texts with the same labels in the same order give the same digest."""
        content = json.dumps([list(self.texts), list(self.labels or ())]).encode()
        return (self.sha256 or hashlib.sha256(content).hexdigest())[:_DIGEST_CHARS]


def log_datasets(client: "MlflowClient", run_id: str, used: Iterable[UsedData], *, context: str) -> None:
    """Names the data among the inputs of the run, as used for `context`: `training` or `evaluation`."""
    from mlflow.entities import Dataset, DatasetInput, InputTag
    from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT

    tag = InputTag(MLFLOW_DATASET_CONTEXT, context)
    inputs = [DatasetInput(Dataset.from_dictionary(_dataset(one).to_dict()), [tag]) for one in used]
    if inputs:
        client.log_inputs(run_id, inputs)


def _dataset(used: UsedData) -> "Dataset":
    """The data as `mlflow.data` describes them: with columns and counts where there are texts."""
    from mlflow.data import from_pandas
    from mlflow.data.dataset_source_registry import get_dataset_source_from_json
    from mlflow.data.meta_dataset import MetaDataset
    from pandas import DataFrame

    source = get_dataset_source_from_json(json.dumps({"uri": used.source}), "local")
    if not used.texts:
        return MetaDataset(source, name=used.name, digest=used.digest)
    columns = {"text": list(used.texts)}
    if used.labels is None:
        return from_pandas(DataFrame(columns), source, name=used.name, digest=used.digest)
    frame = DataFrame(columns | {"label": list(used.labels)})
    return from_pandas(frame, source, targets="label", name=used.name, digest=used.digest)
