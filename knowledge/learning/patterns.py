"""How English messages greet, thank, stall, close and tell of one case; patterns only.

Other languages pass through unmatched: their sentences stay for the person who reads the draft.
"""

import re

_I = re.IGNORECASE


def _any(*alternatives: str) -> str:
    return "(?:" + "|".join(alternatives) + ")"


_REST = r"[^,.!?;:\n]*"
"""Up to the next mark."""
_FILLERS = (
    r"\A\W*(?:(?:ok|okay|so|and|also|then|done|sure|great|perfect|right|alright|good news|yes|now|"
    r"unfortunately)"
    r"\b[\s,:!–—-]*)*"
)
_NOT_A_NAME = r"(?!(?:I|You|We|The|Your|Yes|No|Please|To|If|Thanks|Thank|It|This|That|Sorry|Just|Can|My)\b)"
_CALLED = r"(?i:there|all|everyone|team|again|guys|folks|sir|madam|support|mr|mrs|ms|dr)\b\.?"

GREETING = re.compile(
    r"\A\s*(?i:hi|hiya|hello|hey|heya|dear|greetings|good (?:morning|afternoon|evening|day))\b"
    r"(?:"
    rf"(?:[ \t]+(?:{_CALLED}|{_NOT_A_NAME}[A-Z][\w'’.-]*)){{0,3}}"
    r"(?:[ \t]+[a-z][\w'’-]+(?=[ \t]*[,!]))?[ \t]*(?:[,!.:;–—-]+\s*|\n|\Z)"
    r"|[ \t]+(?=(?i:you|yes|no|we|to|the|please|it|i|in|for|can|is|are|do|does|how|what|where|when|why|my)\b)"
    r")"
)
"""With up to three names or words such as "there", and what separates it from the rest."""

PLEASANTRY = re.compile(
    r"\A\s*"
    + _any(
        rf"(?:thanks|thank you|thx|many thanks)(?: (?:so|very) much| a lot)?(?: again)?(?: (?:for|in "
        rf"advance)\b{_REST})?",
        rf"i hope (?:you(?:['’]re| are)|this (?:message|e-?mail)|all is|everything is)\b{_REST}",
        rf"(?:i['’]m |i am |we['’]re |we are )?(?:so |very |really )?sorry (?:for|about|to hear)\b{_REST}",
        rf"(?:my|our) apologies\b{_REST}",
        rf"apologies (?:for|about)\b{_REST}",
        rf"i apologi[sz]e\b{_REST}",
        r"(?:that['’]s a |what a )?(?:great|good) question",
        r"(?:i['’]m |i am |i['’]d be |we['’]re )?(?:happy|glad) to help(?: you)?(?: with (?:this|that))?",
        rf"(?:my name is|this is|i['’]m|i am) (?-i:[A-Z])\w+(?: (?:from|with|at|of|here)\b{_REST}|(?= "
        rf"?[,.!;]))",
        rf"i (?:completely |totally |fully )?(?:understand|know) how\b{_REST}",
        r"you(?:['’]re| are) (?:very |most )?welcome",
        r"no (?:problem|worries)",
        r"my pleasure",
    )
    + r"(?:\s*[,.!;:–—-]+\s*|\s*\Z)",
    _I,
)
"""Said before the matter, up to the mark that ends it."""

CLOSING = re.compile(
    r"\A\W*"
    + _any(
        r"(?:and |but |otherwise,? |as always,? )?(?:please )?(?:just )?(?:do )?let (?:me|us) know (?:if|"
        r"how|whether|should|when)\b",
        r"(?:please )?(?:feel free|do(?:n['’]t| not) hesitate)\b",
        r"(?:i |we )?hope (?:this|that|it) (?:helps|answers|clears|works)",
        r"(?:is|was) there anything\b",
        r"anything else\b",
        r"(?:please )?(?:reach out|get in touch|write back|come back)\b",
        r"if (?:you|there)\b[^.!?]*\b(?:any|other|more|further) (?:questions?|help)\b",
        r"if you (?:need|want) anything\b",
        r"(?:i['’]m|we['’]re|i am|we are) (?:always )?(?:here|happy|glad)\b",
        r"(?:have|enjoy|wishing you|wish you) (?:a|an|the|your)\b[^.!?]*\b(?:day|evening|night|weekend|"
        r"week|one|morning|afternoon)\b",
        r"take care\b",
        r"all the best\b",
        r"thanks again\b",
        r"talk (?:to you )?soon\b",
        r"sent from my\b",
    ),
    _I,
)
"""A sentence said after the matter."""

_SIGNING = _any(
    r"(?:with )?(?:best|kind|warm|many|kindest|warmest) (?:regards|wishes|greetings)",
    r"best",
    r"regards",
    r"cheers",
    r"yours(?: (?:sincerely|truly|faithfully))?",
    r"sincerely",
    r"respectfully",
    r"all the best",
    r"thanks",
    r"thank you",
    r"(?:with )?love",
    r"warmly",
    r"cordially",
    r"(?:viele|liebe|beste|herzliche|schöne|freundliche|mit (?:freundlichen|besten|herzlichen|lieben)) "
    r"grü(?:ß|ss)en?",
    r"gru(?:ß|ss)",
    r"(?:mfg|lg|vg)",
    r"(?:un )?(?:cordial )?saludos?(?: cordial(?:es)?)?",
    r"atentamente",
    r"salam(?: hangat)?",
    r"hormat (?:kami|saya)",
    r"terima kasih",
)
"""English, and what German, Spanish and Indonesian teams write."""
SIGN_OFF = re.compile(rf"\A\W*(?:{_SIGNING}(?:\s*[,.!–—-]|\s*\Z)|--\s*\Z)", _I)
"""A line that begins a signature."""
INLINE_SIGN_OFF = re.compile(rf"(?<=[.!?])\s+{_SIGNING}\s*[,!–—-][^.!?\n]{{0,60}}[.!]?\s*\Z", _I)
"""A signature behind the last sentence of a line."""
SIGNING_NAME = re.compile(rf"\A\W*{_SIGNING}[\s,.!–—-]+(?:from )?", _I)
"""What stands before the name of who signs."""
TEAM_SIGNS = re.compile(
    r"\A(?:(?:from|love|yours?|the|all (?:of us )?at)\b,? ){0,3}(?:[\w&'’.-]+ ){1,3}"
    r"(?:team|support|helpdesk|help desk|customer (?:care|service|support|success))\Z"
    r"|\Acustomer (?:care|service|support)\Z",
    _I,
)
"""A line that is the name of a team, in two words and more."""
DASHED_NAME = re.compile(r"\A\s*[-–—~]{1,2}\s*[A-Z]\w*\s*\Z")

_DEED = (
    r"(?:refunded|(?:re)?sent|(?:re)?issued|cancell?ed|updated|changed|reset|checked|looked|applied|credited|"
    r"extended|processed|escalated|forwarded|unlocked|removed|added|created|(?:re)?shipped|replaced|"
    r"reactivated|"
    r"paused|skipped|asked|contacted|reported|opened|verified|confirmed|arranged|scheduled|activated|enabled|"
    r"disabled|deleted|moved|put|placed|raised|passed|informed|corrected|fixed|resolved|found|noted|notified|"
    r"ordered|charged|reversed|transferred|upgraded|downgraded|switched|set|tried|spoke|located|received|"
    r"registered|marked|merged|waived|booked|blocked|unblocked|frozen|suspended)"
)
_LOOKING = r"(?:going to|looking|can see|get back|be back|look into|investigate|find out)"
_ABOUT_TO = rf"(?:{_LOOKING}|checking|see|check|ask|refund|send|forward|escalate|cancel|update)"
"""Of one person alone: what "we" send, check or refund is what the business does for everybody."""
_ADVERBS = r"(?: just| already| now| also| both| gone ahead and| went ahead and| been| personally| manually)*"
OWN_DEED = re.compile(
    _FILLERS
    + rf"(?:i(?:['’]ve| have|['’]m| am|['’]ll| will|['’]d| would)?{_ADVERBS} (?:{_DEED}|{_ABOUT_TO})"
    + rf"|(?P<we>we)(?:['’]ve| have)?{_ADVERBS} (?:{_DEED}|{_LOOKING}))\b",
    _I,
)
"""What the writer did or will do."""
ADDRESSED = re.compile(r"\b(?:you|your|yours|it|that|this|them|order|account|colleagues?|warehouse)\b", _I)
YOUR_CASE = re.compile(
    _FILLERS
    + r"(?:your|the) (?:[\w-]+ ){0,2}?"
    + r"(?:order|refund|parcel|package|box|replacement|payment|account|subscription|request|ticket|case|"
    r"credit|device)\b"
    + r"[^.!?]*?\b(?:has (?:now |already |just )?been|have been|was|is (?:now|already|being|on its)|went "
    r"out|left)\b",
    _I,
)
"""What became of the customer's own order or account."""
GENERAL = re.compile(r"\b(?:if|when|because|after|every|always|usually|whenever|unless|once|only)\b", _I)
LEADS_ON = re.compile(
    _FILLERS
    + r"i(?:['’]ve| have)?(?: just)? (?:checked|looked|found|see|can see)\b[^.!?,;:–—]{0,60}?"
    + r"(?:,? and |: | that |, )(?P<rest>.+)",
    _I | re.DOTALL,
)
"""What was checked may hold for everybody: "I checked and the lamp is covered for 3 years"."""
FOLLOW_UP = re.compile(
    r"\A\W*(?:it|they|this|that|these|you should|you['’]ll|you will|please allow|expect)\b", _I
)
"""Says more about the sentence before it."""

STALLING = re.compile(
    _FILLERS
    + _any(
        r"(?:just )?(?:one|a) (?:moment|minute|sec|second|tick)",
        r"(?:give|allow|grant) me\b",
        r"bear with me",
        r"(?:hold|hang) on\b",
        r"please (?:hold|wait|bear)\b",
        r"let me (?:check|look|see|find|have|ask|get|take|pull|just|quickly)",
        r"checking\b",
        r"looking into\b",
        r"(?:i['’]?m )?on it\b",
        r"will do\b",
        r"right away\b",
        r"we(?:['’]ll| will|['’]re| are) (?:get back|look|check|investigat|be in touch|contact|work|follow)",
        r"someone (?:will|from)\b",
        r"(?:a|my) colleague\b",
        r"our team (?:will|is)\b",
        r"(?:could|can|would|may|might) (?:you|i) (?:please |kindly )?"
        r"(?:send|tell|share|confirm|provide|give|check|let|describe|have|ask|get)\b",
        r"what(?:['’]s| is) your\b",
        r"which (?:order|e-?mail|account)\b",
        r"please (?:send|share|provide|confirm|tell) (?:me|us|your)\b",
    ),
    _I,
)
"""Wins time or asks back."""
ACKNOWLEDGEMENT = re.compile(
    r"\A\W*(?:done|fixed|sorted|got it|noted|sure|ok|okay|yes|no|right|great|perfect|understood|"
    r"absolutely|of course|"
    r"all set|you['’]re all set|welcome)(?:\W+(?:thing|thanks|thank you))?\W*\Z",
    _I,
)

_PERSON = (
    r"(?:human|(?:real|live|actual|other|different) (?:person|people|one)|person|agent|representative|"
    r"rep|operator|"
    r"someone|somebody|advisor|adviser|manager|staff|support team)s?\b"
)
WANTS_PERSON = re.compile(
    rf"\b(?:talk|speak|chat) (?:to|with)\b[^.?!]{{0,30}}?\b{_PERSON}"
    rf"|\b(?:connect|transfer|put|pass|get|give|hand) me\b[^.?!]{{0,30}}?\b{_PERSON}"
    rf"|\b(?:want|need|like|prefer|is there) (?:a |an |any |some )?(?:real |live |actual |human "
    rf")*{_PERSON}(?=\W*(?:\Z|please|now|here))"
    rf"|\A\W*(?:a |an |the )?(?:real |live |actual )?{_PERSON}(?: please| now)?\W*\Z",
    _I,
)
EMPTY_TALK = re.compile(
    r"\A\W*(?:(?:hi|hiya|hello|hey|helloo+|ok|okay|k|yes|yeah|yep|no|nope|sure|great|cool|perfect|good|"
    r"fine|nice|thanks|"
    r"thank you|thx|ty|cheers|please|pls|bye|goodbye|there|again|so much|very much|anyone|anybody|"
    r"someone|somebody|here|"
    r"still|waiting|i['’]?m|am|are|you|is|it|that|worked|works|didn['’]?t|work|help|me|"
    r"good (?:afternoon|day)|none|neither|of (?:these|those|them)|"
    r"morning|evening|any|news|update|updates|a|lot|for|your)\b\W*)*\Z",
    _I,
)
"""Nothing but greetings, thanks, agreement, a word on the choices offered, and calls for attention.

No alternative may be two others in a row: a long message could then be read in countless ways.
"""
SELF_INTRODUCTION = re.compile(r"\A(?i:i['’]m|i am|my name is|this is) [A-Z]\w+(?: [A-Z]\w+)?(?: here)?\W*\Z")
BARE_IDENTIFIER = re.compile(
    r"\A(?:(?:my|the|it['’]?s|here(?:['’]s)?|order|account|number|e-?mail|address|phone|is|and|a|"
    r"for|i|am|i['’]m|name|this|that|password|pin|code|card|token|key|iban|mobile|tel|customer|id|ip|born|on|was|date|"
    r"of|birth|dob|live|at|passport|postcode|you can|reach me|under|with)\b\W*)*\Z",
    _I,
)
"""What is left of "my order number is 4411" without the number."""
FIRST_FILLER = re.compile(
    r"\A\W*(?:(?:ok|okay|thanks|thank you|thx|great|cool|perfect|alright|hmm|um|well|yes|no)\b[\s,.!…–—-]+)+",
    _I,
)
JOINING_WORD = re.compile(r"\A(?:and|also|but|so|then)\b[\s,]+", _I)
LAST_PLEASE = re.compile(r",? ?\b(?:please|pls|thanks|thank you|cheers|thx)(?P<mark>[ .!?]*)\Z", _I)
"""At the end of a sentence whose white space is collapsed."""
CONTINUES = re.compile(
    r"\A\W*(?:and|but|or|so|because|since|for|with|on|in|at|also|it|its|it['’]s|that|this|they|them|when|"
    r"after|"
    r"even|then|which)\b",
    _I,
)
"""Begins like the second half of something."""
REFERS_BACK = re.compile(r"\b(?:it|that|this|them|they|those|one)\b", _I)
ASIDE = re.compile(
    r"\A\W*(?:one (?:more|other|last) (?:thing|question)|by the way|btw|another (?:thing|question)|next|"
    r"one more)\b[\s:,.–—-]*",
    _I,
)
"""Begins another question."""
