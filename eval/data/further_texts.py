"""What to learn from beside labelled texts: the names of labels, and texts that nobody labelled."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from eval.data.labelled import LabelledText
from eval.data.problems import normalised

NAMED_BELOW = 20
"""With this many texts a label's name adds nothing. Accuracy on other training texts, with 5 and 10 texts
a label: BANKING77 78.9 to 80.3 and 84.5 to 85.0, CLINC150 89.8 to 90.4 and 93.3 to 93.7."""

_BETWEEN_WORDS = re.compile(r"[\W_]+")
_TELLING = re.compile(r"[^\W\d_]{3}")


def with_label_names(rows: Sequence[LabelledText]) -> list[LabelledText]:
    """The rows, and after them the name of each label with fewer than 20 as a text of it.

    `card_arrival` is read as "card arrival"; a name without a word (three letters together) tells nothing
    and is left out, as is one that is a text already, without regard to case.
    """
    counts = Counter(row.label for row in rows)
    texts = {row.text.casefold() for row in rows}
    names = {label: _BETWEEN_WORDS.sub(" ", label).strip() for label, n in counts.items() if n < NAMED_BELOW}
    return [
        *rows,
        *(
            LabelledText(name, label)
            for label, name in names.items()
            if _TELLING.search(name) and name.casefold() not in texts
        ),
    ]


def without_known(texts: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """The texts in their order, each once, apart from those among `known`.

    Compared without regard to case, spacing and marks at the ends.
    """
    seen = {normalised(text) for text in known}
    new_texts = []
    for text in texts:
        if (folded := normalised(text)) not in seen:
            seen.add(folded)
            new_texts.append(text)
    return tuple(new_texts)
