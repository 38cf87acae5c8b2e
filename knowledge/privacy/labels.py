"""Reads labels as they were meant, "birthady" as "birthday"; the length of the text never changes."""

import re

_LABELS_WORDS = """
account address adresse birthday birth booking card colleague contraseña correo customer daughter
dirección driver factura geboren geburtsdatum geburtstag gmail greetings grüßen husband invoice
kennwort kundennummer license licence mobile nombre number nummer order parcel paspor passport
passwort password pasaporte pedido pesanan phone policy postcode rechnung reference regards
registered reservation routing security serial sincerely social teléfono telefon telephone thanks
ticket token tracking verification whatsapp
"""
_LABELS = frozenset(_LABELS_WORDS.split())
_MEANT = {
    label[:i] + label[i + 1] + label[i] + label[i + 2 :]: label
    for label in _LABELS
    for i in range(len(label) - 1)
}
_SLIPS = {slip: label for slip, label in _MEANT.items() if slip not in _LABELS}
_WORD = re.compile(r"[^\W\d_]{5,14}")


def with_labels_as_meant(text: str) -> str:
    """The text with two letters swapped back where a label has them in the wrong order; as long as it was."""
    return _WORD.sub(lambda word: _SLIPS.get(word.group().lower(), word.group()), text)
