"""Another encoder for tests: the default one that cuts texts earlier, under a fingerprint of its own."""

import json
from pathlib import Path


def copy_encoder(source: Path, models: Path, fingerprint: str) -> Path:
    """Its folder among the encoders of a home; the large files are links."""
    folder = models / "encoders" / fingerprint
    folder.mkdir(parents=True)
    manifest = json.loads((source / "encoder.json").read_text())
    manifest |= {"fingerprint": fingerprint, "max_tokens": 64}
    (folder / "encoder.json").write_text(json.dumps(manifest))
    for name in ("model.onnx", "tokenizer.json"):
        (folder / name).symlink_to(source / name)
    return folder
