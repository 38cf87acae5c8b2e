"""Tells a site's lines from those of an article: when it was updated, whether it helped, what is related."""

import re

MAX_LINE_CHARS = 160
"""No line of a site is longer."""

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_WHEN = rf"(?:\bago|\btoday|\byesterday|\bjust now|\b\d{{4}}\b|\d[./-]\d|\b{_MONTH} \d|\d\.? {_MONTH})"
_SITE_LINES = (
    rf"(?:last )?(?:updated|modified|edited|published|posted|reviewed|revised|created)\b[^!?]{{0,50}}{_WHEN}"
    r"[^!?]{0,25}",
    r"(?:written|posted|published|authored) by [^,!?]{1,80}",
    r"\d{1,3} min(?:ute)?s? read",
    r"(?:did|does|has|was|is) (?:this|the|that) "
    r"(?:page|article|answer|guide|information|content|document|post|topic)\b[^?]{0,60}"
    r"\b(?:answer|help|helpful|useful|solve|resolve)\b[^?]{0,40}\?.{0,80}",
    r"(?:was|is) (?:this|it) (?:helpful|useful)\?.{0,60}",
    r"did (?:this|that|it) (?:help|answer your question|solve your (?:problem|issue))[^?]{0,20}\?.{0,60}",
    r"did you find (?:this|it)\b[^?]{0,40}\b(?:helpful|useful)\?.{0,60}",
    r"how (?:helpful|useful) was this[^?]{0,30}\?.{0,60}",
    r"how did we do\?.{0,60}",
    r"\d{1,7} (?:out of \d{1,7}|people) found this helpful.{0,40}",
    r"\d{1,5} comments?",
    r"(?:article is closed for comments|please sign in to leave a comment).{0,20}",
    r"(?:have more|still have|got more) questions\?.{0,60}",
    r"(?:still need help|can't find what[^?]{0,40}|need more help)\?.{0,60}",
    r"(?:return|back|jump) to (?:the )?top",
    r"(?:©|copyright\b|\(c\)) ?.{0,120}",
    r"edit this page\b.{0,20}",
    r"powered by .{1,40}",
    r"thanks? (?:you )?for your feedback.{0,20}",
    r"yes\s{0,3}[/|·]?\s{0,3}no",
    r"[😞😐😃🙁😕🙂👍👎\s]{1,20}",
    # French, German, Spanish, Portuguese, Italian, Dutch
    r"(?:dernière )?(?:mise? à jour|modifiée?)\b[^!?]{0,60}(?:semaine|mois|jour|heure|ans?|\d)[^!?]{0,20}",
    r"(?:écrit|rédigé|publié) par [^,!?]{1,80}",
    r"(?:est-ce que )?(?:cela|cet article)[^?]{0,60}(?:réponse|répondu|répond|utile|aidé)[^?]{0,40}\?.{0,60}",
    r"(?:zuletzt|vor [^.]{1,40}) (?:aktualisiert|geändert)\b[^!?]{0,40}",
    r"(?:aktualisiert|geändert)(?: am|:)[^!?]{0,40}",
    r"(?:verfasst|geschrieben|veröffentlicht) von [^,!?]{1,80}",
    r"(?:war|hat|wurde|haben) (?:dies|das|der|ihre|sie)[^.?]{0,60}"
    r"\b(?:hilfreich|beantwortet|geholfen)\b.{0,60}",
    r"(?:última actualización|última atualização|actualizado|atualizado|aggiornato|(?:laatst )?bijgewerkt)"
    r"(?:[ :](?:hace|el|há|em|il|oltre|op|meer)?\b)[^!?]{0,60}",
    r"(?:escrito|scritto|geschreven) (?:por|da|door) [^,!?]{1,80}",
    r"¿(?:te|le|fue|ha|has|esto|esta|este)\b[^?]{0,30}\b(?:útil|ayud|respond|respuesta|contestad)[^?]{0,40}\?.{0,60}",
    r"(?:isto|isso|este artigo) (?:respondeu|foi útil|ajudou)[^?]{0,40}\?.{0,60}",
    r"ha risposto alla (?:tua|sua) domanda\?.{0,60}",
    r"questo articolo [^?]{0,20}(?:utile|aiut)[^?]{0,20}\?.{0,60}",
    r"(?:is (?:uw|je) vraag|was dit (?:artikel )?nuttig)[^?]{0,30}\?.{0,60}",
)
_SITE_LINE = re.compile(rf"\A(?:{'|'.join(_SITE_LINES)})\W{{0,3}}\Z", re.IGNORECASE)
_SITE_LINK = re.compile(
    r"\A(?:share|print|follow|copy(?: link)?|edit|tweet|email|permalink|skip to (?:main )?content|"
    r"(?:previous|next)(?: (?:article|page))?)\W{0,3}\Z",
    re.IGNORECASE,
)
_PAGER = re.compile(r"\A(?:Previous|Next)(?=[A-Z\W])")
_SITE_HEADINGS = (
    r"(?:related|similar|popular|promoted|recommended) "
    r"(?:articles|pages|topics|posts|guides|questions|content|reading)",
    r"related|recently viewed(?: articles)?",
    r"you (?:might|may) also like",
    r"(?:more|other)? ?articles in this (?:section|folder|category)",
    r"(?:table of )?contents",
    r"(?:in|on) this (?:article|page|guide)",
    r"what's (?:in|on) this page",
    r"articles (?:liés|connexes|associés|similaires)|sommaire|dans cet article|table des matières",
    r"(?:verwandte|ähnliche|zugehörige) (?:artikel|beiträge|themen)|inhaltsverzeichnis|inhalt|"
    r"(?:auf dieser seite|in diesem artikel)",
    r"artículos relacionados|en este artículo|artigos relacionados|neste artigo|articoli correlati|"
    r"gerelateerde artikelen|in dit artikel",
)
_SITE_HEADING = re.compile(rf"\A(?:{'|'.join(_SITE_HEADINGS)})\W{{0,3}}\Z", re.IGNORECASE)


def is_site_line(text: str) -> bool:
    """Whether the whole line is one that a site puts on each of its pages."""
    return _SITE_LINE.match(text) is not None


def is_site_link(text: str) -> bool:
    """Whether a link with this text is the site's: to share, to print, to the next page."""
    return _SITE_LINK.match(text) is not None


def is_pager(text: str) -> bool:
    """Whether a link with this text may lead to the page before or behind, which it names."""
    return _PAGER.match(text) is not None


def is_heading_of_links(text: str) -> bool:
    """Whether links below such a heading are the site's, or a table of contents."""
    return _SITE_HEADING.match(text) is not None
