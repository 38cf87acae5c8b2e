"""What the API takes and gives for articles."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from knowledge.documents import ArticleDocument
from serving.db.tables import Article
from serving.rendering import render_markdown


class ArticleFields(BaseModel):
    """The words of an article, without its slug."""

    model_config = ConfigDict(extra="forbid")

    title: str
    body: str = Field(description="Markdown")
    category: str = ""
    url: str = Field(default="", description="Where customers read the whole article")
    superseded_by: str | None = Field(default=None, description="Slug of the article that took its place")

    def document(self, slug: str) -> ArticleDocument:
        """These words as the article of that slug."""
        return ArticleDocument(
            slug=slug,
            title=self.title,
            body=self.body,
            category=self.category,
            url=self.url,
            superseded_by=self.superseded_by,
        )


class NewArticle(ArticleFields):
    """A new article."""

    slug: str


class ArticleSummary(BaseModel):
    """An article in a list."""

    slug: str
    title: str
    category: str
    url: str
    status: str
    superseded_by: str | None
    source: str
    updated_at: datetime

    @classmethod
    def of(cls, article: Article) -> Self:
        """The article as the list shows it."""
        return cls.model_validate(article, from_attributes=True)


class ArticleList(BaseModel):
    """Articles by category and title."""

    articles: list[ArticleSummary]


class ArticleView(ArticleSummary):
    """A whole article."""

    body: str
    html: str
    """The body as safe HTML."""
    created_at: datetime

    @classmethod
    def of(cls, article: Article) -> Self:
        """The whole article."""
        summary = ArticleSummary.of(article)
        return cls(
            **summary.model_dump(),
            body=article.body,
            html=render_markdown(article.body),
            created_at=article.created_at,
        )
