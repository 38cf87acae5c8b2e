"""Whether digits are a card number or an IBAN, by their check digits; knows no countries and no issuers."""


def is_card_number(text: str) -> bool:
    """Whether it has 13 to 19 digits, spaces and hyphens aside, that pass the Luhn test (ISO/IEC 7812-1)."""
    compact = text.replace(" ", "").replace("-", "")
    if not (compact.isascii() and compact.isdigit() and 13 <= len(compact) <= 19) or not int(compact):
        return False
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(compact))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def is_iban(text: str) -> bool:
    """Whether it is 15 to 34 letters and digits, spaces aside, with the check digits of ISO 13616."""
    compact = text.replace(" ", "").upper()
    if not (compact.isascii() and compact.isalnum() and 15 <= len(compact) <= 34):
        return False
    if not (compact[:2].isalpha() and compact[2:4].isdigit()):
        return False
    return int("".join(str(int(sign, 36)) for sign in compact[4:] + compact[:4])) % 97 == 1
