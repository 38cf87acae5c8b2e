"""What the API takes and gives for articles."""

from datetime import datetime

from pydantic import BaseModel, Field

from knowledge.documents import ArticleDocument
from serving.db.tables import Article, ArticleStatus
from serving.rendering import render_markdown
from serving.schemas import Body, RowOut


class ArticleFields(Body):
    """The words of an article, without its slug."""

    title: str
    body: str = Field(description="Markdown")
    category: str = ""
    url: str = Field(default="", description="Where customers read the whole article")
    superseded_by: str | None = Field(default=None, description="Slug of the article that took its place")

    def document(self, slug: str) -> ArticleDocument:
        """These words as the article of that slug."""
        return ArticleDocument(**self.model_dump(include=set(ArticleFields.model_fields)), slug=slug)


class NewArticle(ArticleFields):
    """A new article."""

    slug: str


class ArticleSummary(RowOut):
    """An article in a list."""

    slug: str
    title: str
    category: str
    url: str
    status: ArticleStatus
    superseded_by: str | None
    source: str
    updated_at: datetime


class ArticleList(BaseModel):
    """Articles by category and title."""

    articles: list[ArticleSummary]
    next: str | None = None
    """Pass it as `after` for the next page; `null` after the last."""


class ArticleOut(ArticleSummary):
    """A whole article."""

    body: str
    html: str
    """The body as safe HTML."""
    created_at: datetime


def article_out(article: Article) -> ArticleOut:
    """The whole article."""
    return ArticleOut.of(article, html=render_markdown(article.body))
