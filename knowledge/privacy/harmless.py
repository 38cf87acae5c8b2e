"""Numbers that are nobody's: prices, amounts, versions, years, dates, codes of products and errors."""

import re

DATE = re.compile(r"\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{2,4}")
_AMOUNT = r"(?:\d{1,5} ?[-–] ?)?(?:\d{1,3}(?:[ '’]\d{3}){1,6}|\d+)(?:[.,]\d+)*"
_CURRENCY = (
    r"(?:[$€£¥]|(?:usd|eur|gbp|chf|sek|nok|dkk|pln|inr|idr|rp|rupiah|aud|cad|kr|kronor|euros?|dollars?|"
    r"pounds?|cents?|bucks)\b)"
)
_UNIT = (
    r"(?:%|(?:kg|mg|grams?|g|ml|cl|lit(?:er|re)s?|l|mm|cm|km|met(?:er|re)s?|m|inch(?:es)?|miles?|"
    r"pods?|box(?:es)?|"
    r"plants?|seeds?|seedlings?|gardens?|lamps?|pumps?|items?|pieces?|packs?|bottles?|times|seconds?|"
    r"minutes?|"
    r"hours?|days?|weeks?|months?|years?|people|persons|users|customers|contacts|points|percent|steps|"
    r"pages|mb|gb|kb|"
    r"rows|lines|records|files|messages|requests|calls|characters|digits|words|tokens|seats|licen[cs]es|"
    r"watts?|kwh|volts?|mah|hz|lumens?|k|calories)\b)"
)
HARMLESS = re.compile(
    rf"(?<![\w.,]){_CURRENCY} ?{_AMOUNT}(?!\d)|(?<![\w.,#+-]){_AMOUNT}[ -]?(?:{_CURRENCY}|{_UNIT})(?! ?\d)"
    r"|\b(?:v|version|firmware|build|release|ios|android|windows|macos|"
    r"(?:error|fehler|kode error)(?: ?code)?|isbn|ean|gtin|upc|sku|http|rfc|iso|part|model|item|"
    r"batch|lot|article)(?: (?:number|no\.?))?(?: is)?:? ?v?\d+(?:[._-]\d+)*\b"
    r"|(?<![\w.-])(?:19|20)\d{2}(?: ?[-–/,] ?(?:19|20)\d{2}| (?:19|20)\d{2}| and (?:19|"
    r"20)\d{2})*(?![\w-]|\.\d| \d)"
    rf"|(?<![\w.+/-])(?:{DATE.pattern})(?![\w/-])"
    r"|(?<![\w.,+-])[1-9]\d{0,2}(?:[ .,]?\d{3}){0,5}[ .,]?000(?![\w-]|[ .,]\d)"
    r"|\b(?:[A-Z]{2,6}-){1,2}\d{2,6}[A-Z]{0,3}\b|\b[A-Z]-\d{3,5}\b|\b0x[0-9A-Fa-f]{2,16}\b",
    re.IGNORECASE,
)
"""No number in them is anybody's; a label before one, "order MK-2000", counts more."""
