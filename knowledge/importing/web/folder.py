"""The folder that a crawl writes to: which page stands in which file, and what it was like."""

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import unquote

from knowledge.importing.web.host import Host
from model.errors import DataError

STATE_FILE = ".firstlast-crawl.json"
"""In the folder: which page stands in which file, and what the host needs to say that it has not changed."""
_MAX_NAME_BYTES = 150
_UNFIT_FOR_NAMES = re.compile(r'[\x00-\x1f<>:"\\|?*]')


@dataclass(slots=True)
class KnownPage:
    """What is remembered of a page between two crawls."""

    file: str
    etag: str = ""
    last_modified: str = ""


class CrawlFolder:
    """The pages in the folder, by their path on the host."""

    def __init__(self, host: str, pages: dict[str, KnownPage]) -> None:
        self.host = host
        self.pages = pages

    @classmethod
    def read(cls, folder: Path, host: Host) -> "CrawlFolder":
        """What the folder remembers; nothing when it is new."""
        name = f"{host.name}:{host.port}" if host.port not in (80, 443) else host.name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            stored = json.loads((folder / STATE_FILE).read_bytes())
            pages = {path: KnownPage(**page) for path, page in stored["pages"].items()}
            stored_host = str(stored["host"])
        except FileNotFoundError:
            return cls(name, {})
        except OSError as error:
            raise DataError(
                f"{folder} cannot be used: {error.strerror}; give a folder to write to"
            ) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(f"{folder / STATE_FILE} is damaged; delete it to fetch all pages anew") from error
        if stored_host != name:
            raise DataError(f"{folder} holds pages of {stored_host}; give {name} a folder of its own")
        return cls(name, pages)

    def write(self, folder: Path) -> None:
        """Remembers the pages for the next crawl."""
        pages = {path: asdict(page) for path, page in sorted(self.pages.items())}
        write_whole(folder / STATE_FILE, json.dumps({"host": self.host, "pages": pages}, indent=1).encode())

    def file_for(self, path: str) -> str:
        """The file of a page: that of the last crawl, else by its path, numbered where that is taken."""
        if path in self.pages:
            return self.pages[path].file
        wanted = _file_name(path)
        taken = {page.file.casefold() for page in self.pages.values()}
        name, number = wanted, 2
        while name.casefold() in taken:
            name = f"{wanted.removesuffix('.html')}-{number}.html"
            number += 1
        return name


def write_whole(path: Path, data: bytes) -> None:
    """Writes the file as a whole or not at all; raises `DataError`."""
    partial = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror}") from error


def _file_name(path: str) -> str:
    """The file below the folder for a page: `/en/a` in `en/a.html`, `/en/` in `en/index.html`."""
    parts = [_UNFIT_FOR_NAMES.sub("-", part) for part in unquote(path).split("/")[1:]]
    parts = [part for part in parts[:-1] if part] + [parts[-1] or "index.html"]
    parts = [_short(part.strip(". ") or "-") for part in parts]
    if not parts[-1].lower().endswith((".html", ".htm")):
        parts[-1] += ".html"
    return "/".join(parts)


def _short(name: str) -> str:
    """The name, cut and marked by its hash when a file system could not keep it."""
    data = name.encode("utf-8")
    if len(data) <= _MAX_NAME_BYTES:
        return name
    return f"{data[:_MAX_NAME_BYTES].decode('utf-8', 'ignore')}-{hashlib.sha256(data).hexdigest()[:8]}"
