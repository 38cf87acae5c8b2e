"""What the help-centre pages show, taken from published articles; it renders no page and changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from knowledge.text import capitalised
from serving.articles import repository
from serving.db.tables import Article
from serving.messenger.repository import find_by_file_name

_OTHER = "Other questions"


@dataclass(frozen=True, slots=True)
class Category:
    """Articles that belong together, by title."""

    title: str
    articles: Sequence[Article]


@dataclass(frozen=True, slots=True)
class ArticleView:
    """An article and its neighbours in the category."""

    article: Article
    category: str
    neighbours: Sequence[Article]


def list_categories(session: Session) -> list[Category]:
    """The categories in alphabetical order, articles without one last; superseded articles are left out."""
    by_title: dict[str, list[Article]] = {}
    for article in repository.list_published(session):
        if article.superseded_by is None:
            by_title.setdefault(category_title(article.category), []).append(article)
    titles = sorted(by_title, key=lambda title: (title == _OTHER, title))
    return [Category(title, by_title[title]) for title in titles]


def find_current(session: Session, slug: str) -> Article | None:
    """The published article of that slug or file name, or the one that took its place."""
    seen: set[str] = set()
    article = repository.get(session, slug) or find_by_file_name(session, slug)
    while article is not None and article.superseded_by and article.slug not in seen:
        seen.add(article.slug)
        article = repository.get(session, article.superseded_by)
    return article if article is not None and article.status == "published" else None


def view_article(session: Session, article: Article, *, max_neighbours: int = 6) -> ArticleView:
    """The article with others of its category."""
    same = repository.list_published(session, category=article.category)
    neighbours = [other for other in same if other.id != article.id and other.superseded_by is None]
    return ArticleView(article, category_title(article.category), neighbours[:max_neighbours])


def category_title(category: str) -> str:
    """The category in words: `pods-and-plants` is shown as `Pods and plants`."""
    words = category.replace("-", " ").replace("_", " ").replace("/", " / ").strip()
    return capitalised(words) or _OTHER
