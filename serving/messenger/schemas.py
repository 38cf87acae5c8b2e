"""What anybody may read of the help centre over HTTP."""

from pydantic import BaseModel

from serving.db.tables import Article
from serving.rendering import render_markdown


class HelpArticle(BaseModel):
    """An article of the help centre in a list."""

    slug: str
    title: str


class HelpArticles(BaseModel):
    """Articles, those that answered most questions first."""

    articles: list[HelpArticle]


class HelpArticleOut(HelpArticle):
    """An article to read."""

    html: str
    """The body as safe HTML."""

    @classmethod
    def of(cls, article: Article) -> "HelpArticleOut":
        """The article as anybody may read it."""
        return cls(slug=article.slug, title=article.title, html=render_markdown(article.body))
