"""What the help-centre pages show, taken from published articles; it renders no page and changes nothing."""

from sqlalchemy.orm import Session

from knowledge.text import capitalised
from serving.articles import repository
from serving.db.tables import Article, now

_OTHER = "Other questions"
_MAX_NEIGHBOURS = 6
_COUNTED_DECISIONS = 5_000
"""The latest so many decisions say which articles are used most."""


def articles_by_category(session: Session) -> list[tuple[str, list[Article]]]:
    """The categories in alphabetical order, articles without one last; superseded articles are left out."""
    by_title: dict[str, list[Article]] = {}
    for article in repository.list_in_use(session, now()):
        if article.superseded_by is None:
            by_title.setdefault(category_title(article.category), []).append(article)
    return sorted(by_title.items(), key=lambda pair: (pair[0] == _OTHER, pair[0]))


def most_used(session: Session, *, limit: int) -> list[Article]:
    """Articles in use that answered most of the latest questions, ties and those without any by title."""
    counts = repository.count_answers_of_articles(session, latest=_COUNTED_DECISIONS)
    most = sorted(counts, key=lambda slug: (-counts[slug], slug))[: 2 * limit]
    used = repository.find_by_slugs(session, most)
    moment = now()
    shown = [one for one in used.values() if one.superseded_by is None and repository.is_in_use(one, moment)]
    if len(shown) < limit:
        others = repository.list_first_in_use(session, moment, limit=2 * limit)
        shown += [one for one in others if one.slug not in used and one.superseded_by is None]
    return sorted(shown, key=lambda one: (-counts.get(one.slug, 0), one.title, one.slug))[:limit]


def find_current(session: Session, slug: str) -> Article | None:
    """The published article of that slug or file name, or the one that took its place."""
    seen: set[str] = set()
    article = repository.get(session, slug) or repository.find_by_file_name(session, slug, now())
    while article is not None and article.superseded_by and article.slug not in seen:
        seen.add(article.slug)
        article = repository.get(session, article.superseded_by)
    return article if article is not None and repository.is_in_use(article, now()) else None


def neighbours_of(session: Session, article: Article) -> list[Article]:
    """A few others of its category."""
    same = repository.list_in_use(session, now(), category=article.category)
    return [other for other in same if other.id != article.id and other.superseded_by is None][
        :_MAX_NEIGHBOURS
    ]


def category_title(category: str) -> str:
    """The category in words: `pods-and-plants/mint` is shown as `Pods and plants / Mint`."""
    levels = category.replace("-", " ").replace("_", " ").split("/")
    return " / ".join(capitalised(level.strip()) for level in levels if level.strip()) or _OTHER
