"""Names by their position in a text, dates of birth, and what people say of their health."""

import re
from collections.abc import Iterable, Iterator

from knowledge.privacy.given_names import GIVEN_NAMES
from knowledge.privacy.harmless import DATE
from knowledge.privacy.places import Place, all_of

_I = re.IGNORECASE
_COMMON_NAMES = """
art bill bob dawn drew faith frank grace grant guy hope iris ivy jack joy june mark max may mint
olive pat penny ray rich rob rose ruby sandy sky sue summer terry violet will basil rosemary sage
baker black brown bush cook day field gray green hill king law lane little long love moss park price
rice sharp short stone swift walker waters white wise wood young
"""
COMMON_WORDS = frozenset(_COMMON_NAMES.split())
"""Names that are also words: removed only where somebody is spoken to."""

_WORD = r"(?:(?-i:[A-Z])\. ?){0,2}(?-i:[A-ZÀ-ÞĀ-ŽḀ-ỿ])[\w’'-]{1,30}"
_PARTICLE = (
    r"(?:van den|van der|van|von|de la|de los|de|del|da|dos|di|al-|bin|binti|el|la|le|der|zu|ter|'t|ng)"
)
_ONE = rf"{_WORD}(?: {_WORD}){{0,3}}"
_NAME = rf"{_WORD}(?: (?-i:[A-Z])\b)?(?: (?:{_PARTICLE} )?{_WORD}){{0,3}}"
_FULL = rf"{_WORD}(?: (?-i:[A-Z])\b\.?)?(?: (?:{_PARTICLE} )?{_WORD}){{1,3}}"
_LOWER = r"(?-i:[a-zß-öø-ÿāăąćčďđéèęěğíîïłńňñóôöøőřśšşșťțúüůűýžźż])[\w’'-]{1,20}"
_NO_NAME_NEXT = (
    r"(?!(?:a|an|and|the|not|in|on|at|to|of|from|for|with|but|or|is|was|it|so|still|already|again|here|there|"
    r"very|really|just|also|your|my|our|no|on|wrong|missing|required|field|above|below|after|misspelled|"
    r"spelled|correct|shown|written|und|y|"
    r"tidak|dan|hier|nicht|now|who|that|this|trying|using|having|unable|looking)\b)"
)
_LOWER_NAME = rf"{_NO_NAME_NEXT}{_LOWER}(?: (?:{_PARTICLE} )?{_NO_NAME_NEXT}{_LOWER}){{0,2}}"
_BUSINESS = re.compile(
    r"(?: &| and Sons| (?:Ltd|Limited|GmbH|Inc|LLC|AG|KG|Corp|Co|SA|SL|BV|Oy|Foods|Analytics|Cloud|Bank|"
    r"Group|"
    r"Team|Support|Store|Shop|Services?|Software|Systems|Logistik|Logistics|Airlines?|Insurance|"
    r"Station|Street|Road|Airport|University|Hospital|Park|Beach|Lake|Island|City|County|School|Hotel|"
    r"Church|Square|"
    r"Bridge|Mode|Edition|Express|Online|Solutions|Consulting|Media|Studio)\b)"
)
_TITLE = (
    r"(?:mr|mrs|ms|miss|mx|dr|prof|sir|madam|herrn?|frau|sr|sra|srta|señor|señora|señorita|don|doña|"
    r"mevrouw|meneer|pani?|bapak|pak|bu|ibu|mas|mbak|monsieur|madame|mme|signor|signora)\.?"
)
_BRANDS = frozenset({"oetker", "martens", "pepper", "bronner", "scholl", "hauschka", "coffee", "clean"})
_RELATIVE = (
    r"(?:husband|wife|partner|son|daughter|child|brother|sister|mother|father|mum|mom|dad|uncle|aunt|cousin|"
    r"grand(?:mother|father|son|daughter|ma|pa)|fiancée?|girlfriend|boyfriend|friend|colleague|collaegue|"
    r"co-?worker|"
    r"boss|manager|neighbou?r|flatmate|roommate|assistant|agent|accountant|lawyer|doctor|landlord|tenant|"
    r"employee|client|nanny|driver|supervisor|successor|predecessor)"
)
_TELLS = (
    r"my name(?: is|['’]s)|(?:\A|(?<=[.!?,] ))(?:the )?name is|name['’]s|(?:mein|ihr) name (?:ist|"
    r"lautet)|ich hei(?:ß|ss)e|me llamo|mi nombre es|"
    r"je m['’]appelle|il mio nome è|nama saya(?: adalah)?|full name(?: is|:)?|(?:first |last |"
    r"sur)?name(?: on the (?:card|account|invoice|booking))? ?:|surname (?:to|is)|beneficiary:|"
    r"contact person:|"
    r"(?:account|card|policy) ?holder(?: is|:)?|they call me|i am called|i['’]m called|"
    r"in the name of|under the name(?: of)?|by the name(?: of)?|named"
)
_INTRODUCED = re.compile(
    rf"\b(?:{_TELLS}) (?P<value>{_NAME})"
    rf"|\b(?:{_TELLS}) (?P<lower>{_LOWER_NAME})"
    rf"|\b(?:i['’]m|i am|it['’]?s|this is|here is|ich bin|soy|saya) (?P<full>{_FULL})"
    rf"|\b(?:i['’]m|i am|this is|it['’]?s) (?P<caller>{_WORD})(?=,| (?:and (?:i|want|need|would|can|my)|"
    rf"from|speaking|here|writing|again|with|at)\b)"
    rf"|\bthis is (?P<again>{_LOWER_NAME})"
    r"(?= (?:from (?:yesterday|accounts|before|the)|again|speaking|here|calling)\b)"
    rf"|\b(?:it['’]?s|im|i['’]m|i am) (?P<before>{_LOWER_NAME})"
    r"(?= (?:from (?:yesterday|accounts|before)|speaking)\b)"
    rf"|\b(?:i am|i['’]m|im) (?P<two>{_NO_NAME_NEXT}{_LOWER} {_NO_NAME_NEXT}{_LOWER})(?=;| and i (?:lost|"
    r"am|want|need|can|have|would|forgot|cannot)\b)"
    rf"|\b(?:c/o|attn\.?:?) (?P<care>{_NO_NAME_NEXT}{_LOWER} (?:{_PARTICLE} )?{_NO_NAME_NEXT}{_LOWER})"
    r"(?=[.!?,;]|\Z)"
    rf"|\bcustomer (?P<customer>{_NO_NAME_NEXT}{_LOWER} (?:{_PARTICLE} )?{_NO_NAME_NEXT}{_LOWER})"
    r"(?= (?:called|wrote|asked|says|said|has|wants)\b)",
    _I,
)
_TITLED = re.compile(
    rf"\b{_TITLE} (?:{_PARTICLE} )?(?P<value>{_ONE})|\b(?:mr|mrs|ms|herrn?|frau|pak|bu|"
    rf"sra?)\.? (?P<lower>{_LOWER})\b(?=,| (?:told|said|called|wrote|is|has|asked))",
    _I,
)
_RELATED = re.compile(rf"\b(?:my|our|your|his|her|their) (?-i:{_RELATIVE}),? (?P<value>{_ONE})", _I)
_CONCERNED = re.compile(
    r"\b(?:on behalf of|for the attention of|attn\.?:?|att[:.]|c/o|addressed to|registered (?:to|on|for)|"
    r"issued to|"
    r"belongs? to|spoke(?:n)? (?:to|with)|talk(?:ed)? (?:to|with)|ask(?:ed)? for|made out to|booking is for|"
    r"transfer(?:red)? [^.!?\n]{0,30}? to|tell|certain|hold for|cardholder|customer|client|patient|"
    rf"passenger|guest|member|account holder|user|cc|meet) (?P<value>{_FULL})"
    rf"|\bfor (?P<too>{_FULL})(?= too\b)|\bfor {_FULL} and (?P<second>{_FULL})"
    r"|\b(?:on behalf of|attn\.?:?|c/o|spoke (?:to|with)|registered to|addressed to|agent|cc) "
    rf"(?P<one>{_WORD})",
    _I,
)
_SETS_UP = re.compile(
    rf"\b(?P<value>{_FULL})(?= (?:down (?:as|for)\b|set (?:it|this|that) up|told me|promised|called|"
    rf"keeps|wrote to me|said|from your|who takes over))",
    _I,
)
_GIVEN = re.compile(rf"(?<![\w'’-])(?P<value>{_WORD}(?: [A-Z]\.)?(?: (?:{_PARTICLE} )?{_WORD}){{1,2}})")
_LOWER_GIVEN = re.compile(
    r"\b(?:i['’]?m|i am|this is|it['’]?s|hi|hello|hey|dear|thanks|name is|called|regards|cheers|"
    r"greetings from|"
    r"love|best|delivery for|parcel for)[ ,]{1,2}(?P<value>[^\W\d_]{3,15})\b",
    _I,
)
_GREETED = re.compile(
    rf"(?:\A|\n|(?<=[.!?] ))(?:hi|hello|hey|dear|hallo|hola|liebe[rs]?|halo|good (?:morning|afternoon|"
    rf"evening)|sure|"
    rf"thanks|thank you|welcome)[ ,]{{1,2}}(?P<value>{_ONE})(?=\s*(?:[,.!?;:–—\n-]|\Z| and (?-i:[A-Z])))"
    rf"|(?:\A|\n|(?<=[.!?,] ))(?P<here>(?![A-Z][a-z]{{0,8}}['’]){_WORD}(?: {_WORD})?) here\b",
    _I,
)
_SIGNED = re.compile(
    r"(?:\A|[\s.,!?])(?:(?:best|kind|warm|many|kindest|warmest) (?:regards|wishes|greetings|thanks)|"
    r"regards|sincerely|"
    r"cheers|yours(?: (?:sincerely|truly|faithfully))?|all the best|many thanks|thanks(?: in advance)?|"
    r"thank you(?: in advance)?|thx|signed|best|lg|"
    r"vg|mfg|gru(?:ß|ss)|grüße|love|xx?|bye|ciao|tschüss|(?:mit freundlichen|viele|liebe|beste) grü(?:ß|"
    r"ss)en?|(?:un )?saludos?(?: cordiales)?|atentamente|"
    rf"salam|terima kasih|--)[ ]?[,.!]?\s{{1,3}}(?P<value>{_NAME})[.!]?(?=[^\S\n]*(?:\n|\Z))",
    _I,
)
_NOBODY_WORDS = """
sirs me him he she them under above every per another branch journalist care did do red green
all team support everyone everybody there sir madam again guys folks colleagues customer customers
customer's friend friends service sorry happy glad great good fine sure not very from looking trying
having using unable just still also here back done ok okay yes no please thanks thank hi hello dear
regards best kind the a an this that these those it i you we they he she your my our their when
where how what why which who if and or but so monday tuesday wednesday thursday friday saturday
sunday january february march april may june july august september october november december today
tomorrow yesterday english german spanish french indonesian basic pro plus premium business
enterprise standard settings invite admin owner windows android mac iphone google apple amazon
microsoft paypal visa mastercard sepa iban order account invoice mail email e-mail phone sales
billing accounting marketing engineering returns legal hr finance logistics reception world
important urgent password pin code error update version app page question ticket case refund perfect
wonderful awesome now new mr mrs ms miss mx dr prof herr herrn frau señor señora sr sra pak ibu bu
mich mir sie ich hier nicht und mate mister
"""
_NOBODY = frozenset(_NOBODY_WORDS.split())
_VERB_FORM = re.compile(r"\A[a-z]{2,20}(?:ing|ed|ly)\Z")
"""Of a verb or adverb rather than a name, unless it stands among the given names."""

_MONTH = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mär|mai|okt|dez|ene|abr|ago|dic|mei|agu|"
    r"des)[a-zä]{0,9}\.?"
)
_DAY = (
    rf"(?:{DATE.pattern}|\d{{1,2}}(?:st|nd|rd|th|\.)?(?: of| de)? {_MONTH},?(?: de)? \d{{2,4}}|"
    rf"{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}|{_MONTH} \d{{4}})"
)
_BIRTH_DATE = re.compile(
    r"\b(?:born(?! to\b)|birth ?(?:day|date)|brithday|date of birth|d\.?o\.?b|b-?day|geboren|geburtsdatum|"
    r"geburtstag|geb\.|"
    r"nac[ií]|nacido|nacida|fecha de nacimiento|cumpleaños|tanggal lahir|tgl lahir|lahir|né|née)(?!\w)"
    rf"(?:(?!\band\b)[^\d\n!?\"“”]){{0,40}}?(?P<value>{_DAY})|\bborn in (?P<year>(?:19|20)\d\d)\b"
    rf"|\bturn(?:ed|s|ing)? \d{{1,3}} (?:on |this |next )?(?P<turned>{_DAY})|"
    rf"\bich bin am (?P<german>{_DAY}) geboren",
    _I,
)

_CONDITION = (
    r"(?:(?:diagnosed with )?(?:(?:type (?:1|2|one|two) )?diabet(?:es|ic|iker)|asthma|asma|epilep(?:sy|"
    r"tic|sie)|cancer|(?:breast|lung|skin|prostate|bowel) "
    r"cancer|tumou?r|krebs|leuk(?:a?emia|ämie)|stroke|heart (?:attack|disease|failure|condition|surgery)|"
    r"herzinfarkt|"
    r"schlaganfall|depress(?:ion|ed|ive)|depresión|anxiety|panic attacks?|bipolar(?: disorder)?|"
    r"schizophreni\w{1,3}|ptsd|"
    r"ocd|adhd|autis(?:m|tic)|asperger'?s?|dementia|demenz|alzheimer'?s?|parkinson'?s?|"
    r"multiple sclerosis|hiv(?:[ -]positive)?|"
    r"(?-i:AIDS)|hepatitis(?: [abc])?|tuberculosis|covid(?:-19)?|corona|pneumonia|flu|migraines?|arthritis|"
    r"rheuma\w{0,6}|"
    r"osteoporosis|fibromyalgia|crohn'?s(?: disease)?|colitis|ibs|co?eliac(?: disease)?|"
    r"kidney (?:disease|failure)|"
    r"dialysis|transplant|lupus|psoriasis|eczema|pregnan(?:t|cy)|schwanger(?:schaft)?|embarazada|hamil|"
    r"miscarriage|abortion|"
    r"ivf|(?:undergoing )?(?:ivf|chemo(?:therapy)?|radiotherapy|dialysis)|chemotherapie|quimioterapia|"
    r"insulin|antidepressants?|"
    r"(?:knee|hip|back|heart|eye) (?:surgery|operation|replacement)|surgery|operation|(?:broken|"
    r"sprained) (?:leg|arm|hip|wrist|ankle|foot|nose|rib|elbow|finger|hand|back)|deaf|blind|"
    r"gehörlos|wheelchair|a wheelchair|disab(?:led|ility)|paraly[sz]ed|amputee|concussion|burnout|"
    r"anorexia|bulimia|"
    r"insomnia|narcolepsy|dyslexi(?:a|c)|endometriosis|menopause|high blood pressure|hypertension|anemia|"
    r"anaemia|"
    r"haemophilia|allerg(?:y|ies|ic)(?: to (?:the |my )?\w{2,20})?|alergi\w{0,2}(?: a \w{2,20})?|"
    r"overdose|rehab|addict(?:ion|ed)|"
    r"alcoholi(?:c|sm)|suicidal|seizures?|tinnitus|vertigo|glaucoma|cystic fibrosis|scoliosis|sciatica|"
    r"thrombosis|hearing loss|"
    r"blood pressure|down['’]?s? syndrome|(?:severe |strong )?(?:peanut|nut|milk|gluten|pollen|"
    r"penicillin|latex|wheat|egg|fish|lactose) "
    r"(?:allergy|intolerance)|autismo|autismus|cáncer|ansiedad|epilepsia|embarazo|depressionen|kanker|"
    r"sakit jantung|darah tinggi))"
    r"(?! (?:software|apps?|questions?|polic(?:y|ies)|shots?|reminders?|discounts?|products?|articles?|"
    r"tests?|kits?|cover|"
    r"insurance|medicine|treatment|rattles?|slats?|mode))"
)
_WHO = rf"(?:i|we|my (?:{_RELATIVE}|kid|baby|toddler|little one)|he|she|who|customer|client|patient)"
_IS_OR_HAS = (
    r"(?:['’]m|['’]ve|am|m|ve|is|was|were|have|has|had|got|get|take|takes|use|uses|suffers?(?: from)?|"
    r"suffering(?: from)?|"
    r"live with|lives with|ended up|recovering|diagnosed|put (?:me|him|her) on)"
)
_HEALTH = re.compile(
    rf"\b{_WHO}(?: both| all| also| just| now)?(?: {_IS_OR_HAS}|['’](?:m|ve|s))(?: (?!(?:not|no|"
    rf"questions?|about|app|software|for|problem|issue|people|"
    rf"customers?)\b)[a-z'’-]{{1,12}}){{0,4}}? (?P<value>{_CONDITION})\b"
    rf"|\bas an? (?P<as>{_CONDITION})(?! ?\w{{1,9}} (?:store|shop|company))|"
    rf"\bit was an? (?P<was>miscarriage|stroke|heart attack)\b"
    rf"|\b(?:mi|meine?|istri|suami|anak) \w{{2,12}} (?:tiene|hat|ist|está|punya|"
    rf"sedang) (?:\w{{2,10}} )?(?P<theirs>{_CONDITION})\b"
    rf"|\bim (?P<im>{_CONDITION})\b"
    rf"|\b(?:my|our) (?:[a-z]{{3,12}} )?(?P<own>{_CONDITION})\b"
    rf"|\b(?:ich (?:bin|habe)|tengo|padezco(?: de)?|estoy|soy|saya (?:punya|menderita|sedang|"
    rf"sakit)?) ?(?:[a-zäöüñ]{{2,12}} )?"
    rf"(?P<foreign>{_CONDITION})\b"
    r"|\b(?:diagnosed with|suffer(?:s|ing)? from|in hospital with|treated for|"
    r"recovering from) (?P<named>[a-z]{4,20}(?: [a-z]{4,14})?)\b"
    r"|\bi (?:broke|sprained|fractured|injured) my (?P<broken>[a-z]{3,10})\b"
    r"|\b(?:doctor|gp|psychiatrist) (?:put|has) (?:me|him|her) on (?P<drug>[a-z]{4,20})\b",
    _I,
)


def birth_dates(text: str) -> Iterator[Place]:
    """Days of birth, where a word before or behind says that they are."""
    yield from all_of(_BIRTH_DATE, text, "birth_date")


def health(text: str) -> Iterator[Place]:
    """Illnesses and conditions of the writer, their family or a customer; not those a product is for."""
    yield from all_of(_HEALTH, text, "health")


def names_by_position(text: str) -> Iterator[Place]:
    """Names where people introduce themselves, sign, greet, or speak of somebody by relation or title."""
    for pattern in (_INTRODUCED, _SIGNED, _TITLED, _RELATED, _CONCERNED, _GREETED, _SETS_UP):
        for match in pattern.finditer(text):
            named = next(name for name, value in match.groupdict().items() if value is not None)
            place = _trimmed(text, *match.span(named))
            if place is not None:
                yield place
    for match in _LOWER_GIVEN.finditer(text):
        if match.group("value").casefold() in GIVEN_NAMES:
            yield Place(*match.span("value"), "name")
    for match in _GIVEN.finditer(text):
        if match.group().split()[0].casefold() in GIVEN_NAMES:
            place = _trimmed(text, *match.span())
            if place is not None and " " in text[place.begin : place.end]:
                yield place


def known_names(text: str, names: Iterable[str]) -> Iterator[Place]:
    """What somebody is known to be called: the full name in any writing, its parts unless they are words."""
    for name in names:
        for pattern in _name_patterns(name):
            yield from all_of(pattern, text, "name")


def _trimmed(text: str, begin: int, end: int) -> Place | None:
    """The name without words around it that are none; `None` when nothing, or a business, is left."""
    words = [(m.start() + begin, m.end() + begin) for m in re.finditer(r"\S+", text[begin:end])]
    while words and _is_no_name(text[slice(*words[-1])]):
        words.pop()
    if not words or _is_no_name(text[slice(*words[0])]):
        return None
    first = text[slice(*words[0])]
    if (len(words) == 1 or first.islower()) and any(_is_verb(text[slice(*word)]) for word in words):
        return None
    if _BUSINESS.search(text[words[0][0] : words[-1][1] + 12].split("\n")[0]):
        return None
    if text[slice(*words[0])].casefold() in _BRANDS:
        return None
    last = text[slice(*words[-1])]
    return Place(words[0][0], words[-1][1] - (2 if last.endswith(("'s", "’s")) else 0), "name")


def _is_no_name(word: str) -> bool:
    plain = word.strip(".,!?;:").casefold()
    return plain in _NOBODY or plain.removesuffix("'s").removesuffix("’s") in _NOBODY


def _is_verb(word: str) -> bool:
    plain = word.strip(".,!?;:").casefold()
    return plain not in GIVEN_NAMES | COMMON_WORDS and _VERB_FORM.match(plain) is not None


def _name_patterns(name: str) -> Iterator[re.Pattern[str]]:
    words = name.split()
    if not words:
        return
    if len(words) > 1:
        whole = r"\s+".join(map(re.escape, words))
        yield re.compile(rf"(?<!\w){whole}(?!\w)", _I)
    for word in words:
        if len(word.strip(".")) < 2:
            continue
        escaped = re.escape(word)
        if word.casefold() not in COMMON_WORDS:
            yield re.compile(rf"(?<!\w){escaped}(?!\w)", _I)
        else:
            yield re.compile(
                rf"\b(?i:hi|hello|hey|dear|thanks|thank you|name is|mr\.?|mrs\.?|ms\.?|sure|"
                rf"as) (?P<value>{escaped})\b"
                rf"|(?:\A|[.!?]\s+)(?P<called>{escaped}),|, (?P<last>{escaped})(?=[.!?,]|\Z)"
                rf"|\b(?P<whose>{escaped})(?=['’]s\b)"
            )
