"""The flavour under which MLflow keeps and loads a model set: messages in, what they say out; trains none.

`mlflow.pyfunc.load_model("models:/firstlast@champion").predict(frame)` reads the column `text` of a data
frame. The encoders stay in the home, one copy for all sets: they are looked for in the folders above the
model's files, then in the home that MLflow tracks, then in the one that `FIRSTLAST_HOME` names.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.report.artifacts import home_of
from model.encoder.onnx_encoder import OnnxEncoder, find_encoder
from model.errors import ArtifactError, DataError
from model.model_set import ModelSet, encoder_of, encoders_of, load_model_set
from model.types import Understanding
from model.understanding.classifying import classify

if TYPE_CHECKING:
    import pandas as pd

TEXT = "text"
"""The column of messages."""
COLUMNS: Mapping[str, str] = {
    "intent": "string",
    "probability": "double",
    "out_of_scope": "boolean",
    "out_of_scope_score": "double",
    "team": "string",
    "human_only": "double",
    "sentiment": "string",
    "sentiment_score": "double",
    "wants_person": "double",
    "smalltalk": "string",
}
"""What is told of a message, with the type that MLflow has for it; what is not known is missing."""
_EXAMPLE = ("Where is my order? It should have been here on Monday.", "I want to talk to a person.")
_HOME = "home"


class MessageReader:
    """A model set with its encoders, as `mlflow.pyfunc` calls it."""

    def __init__(
        self, models: ModelSet, encoder: OnnxEncoder, head_encoders: Mapping[str, OnnxEncoder]
    ) -> None:
        self._models = models
        self._encoder = encoder
        self._head_encoders = head_encoders

    def predict(self, data: "pd.DataFrame") -> "pd.DataFrame":
        """A row a message with the columns of `COLUMNS`, under the index of `data`.

        Raises `DataError` without a column `text`, or where a cell of it is no text.
        """
        from pandas import DataFrame

        if TEXT not in data:
            raise DataError(f"the data frame has the columns {list(data)}; name the one of messages {TEXT!r}")
        texts = list(data[TEXT])
        for place, text in enumerate(texts):
            if not isinstance(text, str):
                raise DataError(f"row {place} of column {TEXT!r} is {text!r}; leave out rows without a text")
        read = classify(self._models, self._encoder, texts, head_encoders=self._head_encoders)
        limit = self._models.limits["out_of_scope"]
        return DataFrame([_row(one, limit=limit) for one in read], columns=list(COLUMNS), index=data.index)


def write_flavour(folder: Path, model_set: Path, *, model_id: str, run_id: str) -> None:
    """Write the set kept in `model_set` to `folder` as an MLflow model: no encoder, and nothing pickled."""
    from mlflow.models import Model, ModelSignature
    from mlflow.pyfunc import save_model
    from mlflow.types import ColSpec, Schema
    from pandas import DataFrame

    outputs = [ColSpec(kind, name, required=False) for name, kind in COLUMNS.items()]
    save_model(
        folder,
        loader_module=__name__,
        data_path=str(model_set),
        mlflow_model=Model(model_id=model_id, run_id=run_id),
        signature=ModelSignature(Schema([ColSpec("string", TEXT)]), Schema(outputs)),
        input_example=DataFrame({TEXT: _EXAMPLE}),
        pip_requirements=[f"firstlast=={version('firstlast')}"],
        model_config={_HOME: ""},
        metadata={"model_set": model_set.name, "encoders": sorted(encoders_of(model_set))},
    )


def _load_pyfunc(path: str, model_config: Mapping[str, Any] | None = None) -> MessageReader:
    """What MLflow calls to load the flavour from `path`, the folder of the set among the model's files.

    `model_config={"home": FOLDER}` names the home with the encoders. Raises `ArtifactError` when an encoder
    is missing, or a file is not the one that its digest says.
    """
    folder = Path(path).resolve()
    home = str((model_config or {}).get(_HOME) or "")
    encoders = {key: OnnxEncoder.load(_encoder_folder(folder, key, home)) for key in encoders_of(folder)}
    own = encoder_of(folder)
    models = load_model_set(folder, encoder_fingerprint=own)
    return MessageReader(models, encoders[own], {key: encoders[key] for key in models.head_encoders.values()})


def _encoder_folder(model_set: Path, fingerprint: str, home: str) -> Path:
    """Where the encoder is: in the home named, else around the files, in the one tracked, or the usual."""
    from mlflow import get_tracking_uri

    tracked = home_of(get_tracking_uri())
    usual = Path(os.environ.get("FIRSTLAST_HOME") or ".firstlast")
    around = [*model_set.parents, *([tracked] if tracked else []), usual]
    for place in [Path(home)] if home else around:
        with suppress(ArtifactError):
            return find_encoder(place / "models", fingerprint)
    searched = f"{home}/models" if home else f"the folders above {model_set}, nor in {usual}"
    raise ArtifactError(
        f"model set {model_set.name} needs encoder {fingerprint}, which is not in {searched}; encoders are "
        "kept in a home, not in MLflow: name the home that has it, model_config={'home': FOLDER}, or set "
        "FIRSTLAST_HOME"
    )


def _row(read: Understanding, *, limit: float) -> dict[str, object]:
    return {
        "intent": read.intent,
        "probability": read.intent_confidence,
        "out_of_scope": read.out_of_scope_score > limit,
        "out_of_scope_score": read.out_of_scope_score,
        "team": read.team,
        "human_only": read.human_only_probability,
        "sentiment": read.sentiment,
        "sentiment_score": read.sentiment_score,
        "wants_person": read.wants_person,
        "smalltalk": read.smalltalk,
    }
