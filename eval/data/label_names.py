"""Names of labels as texts to learn from, when there are few others; learns nothing."""

import re
from collections import Counter
from collections.abc import Sequence

from eval.data.labelled import LabelledText

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
