"""Importing a source: what is added, changed, retired and refused."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from knowledge.documents import ImportResult, Refusal
from knowledge.importing.source import read_source
from model.errors import DataError, NotFoundError
from serving.articles import repository, service
from serving.db.tables import LearnedAnswer, now
from serving.indexing import stored_knowledge as stored
from serving.learned_answers import repository as learned_answers
from serving.learned_answers import service as learned_service
from serving.transfer.article_import import import_source
from serving.transfer.sources import list_sources, retire_source
from tests.serving.stand import OLD_REFUNDS, PAUSING, REFUNDS, SCHOOLS, Stand, wait_until

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""For what does not depend on the kind of store."""


def status_of(stand: Stand, slug: str) -> str | None:
    with stand.database.reading() as session:
        article = repository.get(session, slug)
        return article.status if article else None


def answers_in_use(stand: Stand, source: str = "/help") -> dict[str, LearnedAnswer]:
    with stand.database.reading() as session:
        rows = learned_answers.list_by_source(session, source)
        return {key: row for key, row in rows.items() if row.status == "approved"}


def changes(stand: Stand) -> list[str]:
    with stand.database.reading() as session:
        return [ref for _, ref in stored.changes_after(session, 0)]


def test_imported_articles_and_answers_are_found(stand: Stand) -> None:
    report = stand.load(REFUNDS, PAUSING, SCHOOLS)

    learned_id = answers_in_use(stand)["schools"].id
    assert report.added == ["article:billing/refunds", "article:pausing", f"learned_answer:{learned_id}"]
    assert report.refusals == []
    assert stand.best("how do I get my money back") == "article:billing/refunds"
    assert stand.best("any discount for a school?") == f"learned_answer:{learned_id}"


def test_importing_twice_changes_nothing(stand: Stand) -> None:
    stand.load(REFUNDS, SCHOOLS)
    before = changes(stand)

    report = stand.load(REFUNDS, SCHOOLS)

    assert (report.added, report.changed, report.retired) == ([], [], [])
    assert len(report.unchanged) == 2
    assert changes(stand) == before


def test_only_what_changed_is_changed(stand: Stand) -> None:
    stand.load(REFUNDS, PAUSING)
    before = changes(stand)

    report = stand.load(replace(REFUNDS, body="Returns within 60 days."), PAUSING)

    assert report.changed == ["article:billing/refunds"]
    assert report.unchanged == ["article:pausing"]
    assert changes(stand)[len(before) :] == ["article:billing/refunds"]


def test_what_is_gone_from_the_source_is_retired_and_comes_back_with_it(stand: Stand) -> None:
    stand.load(REFUNDS, PAUSING, SCHOOLS)

    gone = stand.load(REFUNDS)

    assert gone.retired == ["article:pausing", f"learned_answer:{1}"]
    assert status_of(stand, "pausing") == "retired"
    assert answers_in_use(stand) == {}
    assert stand.best("pause my subscription") == "article:billing/refunds"

    stand.load(REFUNDS, PAUSING, SCHOOLS)

    assert status_of(stand, "pausing") == "published"
    assert set(answers_in_use(stand)) == {"schools"}
    assert stand.best("pause my subscription") == "article:pausing"


def test_what_came_from_elsewhere_is_not_retired(stand: Stand) -> None:
    stand.load(REFUNDS, source="/help")
    stand.load(PAUSING, source="/more")
    with stand.database.session() as session:
        service.create(session, replace(PAUSING, slug="written-here"))

    stand.load(replace(PAUSING, body="Pause in the app."), source="/more")

    assert status_of(stand, "billing/refunds") == "published"
    assert status_of(stand, "written-here") == "published"


@on_sqlite
@pytest.mark.parametrize("path", ["billing/refunds.md", "billing/", "./"])
def test_an_article_whose_file_or_folder_became_unreadable_is_not_retired(stand: Stand, path: str) -> None:
    pausing = replace(PAUSING, path="billing/pausing.md" if path.endswith("/") else "pausing.md")
    stand.load(replace(REFUNDS, path="billing/refunds.md"), pausing)

    report = stand.load(Refusal(path, "cannot be read"))

    read_again = [] if path.endswith("/") else ["article:pausing"]
    assert report.retired == read_again
    assert report.kept == [
        ref for ref in ("article:pausing", "article:billing/refunds") if ref not in read_again
    ]
    assert status_of(stand, "billing/refunds") == "published"


@on_sqlite
def test_an_unreadable_page_that_names_its_slug_keeps_that_article(stand: Stand, tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "one.md").write_text("---\nslug: money-back\ntitle: Money back\n---\nWithin 45 days.")
    (pages / "two.md").write_text("---\nslug: 'pausing'\n---\nPause for a month.")
    with stand.database.session() as session:
        import_source(session, read_source(pages), source="pages")
    (pages / "one.md").write_bytes(b"---\nslug: money-back\ntitle: Money back\n---\nWithin \x0045 days.")
    (pages / "two.md").unlink()

    with stand.database.session() as session:
        report = import_source(session, read_source(pages), source="pages")

    assert (report.kept, report.retired) == (["article:money-back"], ["article:pausing"])
    assert len(report.refusals) == 1


@on_sqlite
def test_the_start_page_of_a_help_centre_retires_no_other_page(stand: Stand, tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "start.md").write_text("---\ntitle: Start\nslug: /\n---\nAll about your garden.")
    (pages / "pausing.md").write_text("# Pausing\n\nPause your subscription for up to 6 months.")

    with stand.database.session() as session:
        import_source(session, read_source(pages), source="pages")

    assert (status_of(stand, "start"), status_of(stand, "pausing")) == ("published", "published")
    assert stand.best("pause my subscription") == "article:pausing"


@on_sqlite
@pytest.mark.parametrize(
    "broken",
    [
        "",
        "---\ntitle: Money back\n",
        f"---\ntitle: {'t' * 501}\n---\nWithin 45 days.",
    ],
    ids=["emptied", "front matter not closed", "title too long"],
)
def test_a_refused_page_keeps_its_article_though_nothing_in_it_says_which(
    stand: Stand, tmp_path: Path, broken: str
) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "one.md").write_text("---\nslug: money-back\n---\nWithin 45 days.")
    (pages / "a.md").write_text("---\nslug: pausing\n---\nPause for a month.")
    with stand.database.session() as session:
        import_source(session, read_source(pages), source="pages")
    (pages / "one.md").write_text(broken)

    with stand.database.session() as session:
        report = import_source(session, read_source(pages), source="pages")

    assert (report.kept, report.retired, len(report.refusals)) == (["article:money-back"], [], 1)
    assert status_of(stand, "money-back") == "published"


@on_sqlite
def test_an_article_that_lost_its_title_stays_as_it_was(stand: Stand) -> None:
    stand.load(REFUNDS, PAUSING)

    report = stand.load(replace(REFUNDS, title=" \x00"))

    assert [refusal.path for refusal in report.refusals] == ["billing/refunds"]
    assert (report.retired, report.kept) == (["article:pausing"], ["article:billing/refunds"])
    assert status_of(stand, "billing/refunds") == "published"


@on_sqlite
def test_a_page_that_takes_the_slug_of_another_source_gets_a_number(stand: Stand) -> None:
    stand.load(REFUNDS, source="/help")
    stand.load(replace(PAUSING, path="pause.md"), source="/more")

    report = stand.load(replace(PAUSING, path="pause.md", slug="billing/refunds"), source="/more")

    assert (report.changed, report.retired) == (["article:billing/refunds-2"], [])
    assert report.renamed == {"pause.md": "billing/refunds-2"}
    assert (status_of(stand, "pausing"), status_of(stand, "billing/refunds-2")) == (None, "published")
    assert stand.best("pause my subscription") == "article:billing/refunds-2"


@on_sqlite
def test_a_pair_refused_under_a_new_key_keeps_its_learned_answer(stand: Stand) -> None:
    stand.load(SCHOOLS)

    report = stand.load(replace(SCHOOLS, key="colleges", answer=" "))

    assert (report.kept, report.retired) == (["learned_answer:1"], [])
    assert set(answers_in_use(stand)) == {"schools"}


@pytest.mark.parametrize("path", ["./", "answers.jsonl:7"])
def test_a_folder_or_row_that_became_unreadable_retires_no_answer(stand: Stand, path: str) -> None:
    stand.load(REFUNDS, SCHOOLS)

    report = stand.load(REFUNDS, Refusal(path, "cannot be read"))

    assert (report.retired, report.kept) == ([], ["learned_answer:1"])
    assert stand.best("discount for schools") == "learned_answer:1"


@on_sqlite
def test_another_checkout_of_the_same_source_changes_only_what_changed(stand: Stand, tmp_path: Path) -> None:
    for checkout in ("one", "two"):
        for name, text in (("pay", "By card."), ("late", "Within 3 days."), ("gone", "Text."), ("d", "D.")):
            path = tmp_path / checkout / "help" / f"{name}.md"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"# About {name}\n\n{text}")
    (tmp_path / "two" / "help" / "pay.md").write_text("# About pay\n\nBy invoice.")
    (tmp_path / "two" / "help" / "gone.md").unlink()

    with stand.database.session() as session:
        import_source(session, read_source(tmp_path / "one" / "help"), source="help")
    with stand.database.session() as session:
        report = import_source(session, read_source(tmp_path / "two" / "help"), source="help")

    assert (report.changed, report.retired) == (["article:pay"], ["article:gone"])
    assert (report.unchanged, report.refusals) == (["article:d", "article:late"], [])


@on_sqlite
def test_a_page_that_moved_with_its_words_keeps_its_name_and_says_so(stand: Stand) -> None:
    stand.load(replace(PAUSING, slug="pausing", path="pausing.md"))
    before = changes(stand)

    report = stand.load(replace(PAUSING, slug="plans/pause", path="plans/pause.md"))

    assert (report.moved, report.added, report.retired) == (["article:pausing"], [], [])
    assert changes(stand) == before
    again = stand.load(replace(PAUSING, slug="plans/pause", path="plans/pause.md"))
    assert (again.unchanged, again.moved) == (["article:pausing"], [])
    reworded = stand.load(replace(PAUSING, slug="plans/pause", path="plans/pause.md", body="Pause a week."))
    assert reworded.changed == ["article:pausing"]


@on_sqlite
def test_an_article_imported_before_places_were_kept_is_found_by_its_slug(stand: Stand) -> None:
    stand.load(PAUSING, REFUNDS)
    with stand.database.session() as session:
        for article in repository.list_articles(session):
            article.source_path = None

    report = stand.load(replace(PAUSING, path="pausing.md"), replace(REFUNDS, path="billing/refunds.md"))

    assert (len(report.unchanged), report.added, report.retired) == (2, [], [])


@on_sqlite
@pytest.mark.parametrize(
    ("left", "doubt"),
    [
        (5, ""),
        (4, ""),
        (3, "3 of 6 articles and answers of this source would be retired, more than a third"),
        (0, "6 of 6 articles and answers of this source would be retired, more than a third"),
    ],
)
def test_an_import_that_retires_much_is_doubted(stand: Stand, left: int, doubt: str) -> None:
    pages = [replace(PAUSING, slug=f"page-{number}", title=f"Page {number}") for number in range(6)]
    stand.load(*pages)

    assert stand.load(*pages[:left]).doubt == doubt


@on_sqlite
def test_an_import_after_which_nothing_is_found_is_doubted(stand: Stand) -> None:
    assert stand.load(OLD_REFUNDS).doubt == "after it, nothing of this source could be found"


@on_sqlite
def test_an_article_past_its_end_is_not_found_any_more(stand: Stand) -> None:
    soon = now() + timedelta(seconds=1)
    stand.load(replace(PAUSING, valid_until=soon), REFUNDS)
    assert stand.best("pause my subscription") == "article:pausing"

    wait_until(lambda: stand.best("pause my subscription") == "article:billing/refunds")

    assert now() >= soon
    with stand.database.reading() as session:
        assert [article.slug for article in repository.list_in_use(session, now())] == ["billing/refunds"]


@on_sqlite
def test_an_edit_of_the_words_keeps_language_and_end(stand: Stand) -> None:
    until = datetime(2030, 1, 1, tzinfo=UTC)
    stand.load(replace(PAUSING, language="de", translation_key="pausing", valid_until=until))
    with stand.database.session() as session:
        service.edit(session, replace(PAUSING, body="Edited here."))

    with stand.database.reading() as session:
        article = repository.get(session, "pausing")
        assert article is not None
        assert (article.language, article.translation_key, article.valid_until) == ("de", "pausing", until)


def test_a_superseded_article_is_kept_but_not_found(stand: Stand) -> None:
    stand.load(OLD_REFUNDS, REFUNDS)

    with stand.database.reading() as session:
        old = repository.get(session, "refunds-2024")
        assert old is not None
        assert (old.status, old.superseded_by) == ("retired", "billing/refunds")
    assert stand.best("refunds within 30 days") == "article:billing/refunds"
    assert "article:refunds-2024" not in stand.index.refs()


@on_sqlite
def test_a_new_page_whose_slug_another_source_has_gets_a_number(stand: Stand) -> None:
    stand.load(REFUNDS, source="/help")
    other = replace(REFUNDS, body="Other words.", path="refunds.html")

    report = stand.load(other, PAUSING, source="/other")
    again = stand.load(other, PAUSING, source="/other")

    assert report.added == ["article:billing/refunds-2", "article:pausing"]
    assert report.renamed == {"refunds.html": "billing/refunds-2"}
    assert (again.unchanged, again.refusals) == (["article:billing/refunds-2", "article:pausing"], [])
    with stand.database.reading() as session:
        kept = repository.get(session, "billing/refunds")
        assert kept is not None
        assert kept.body == REFUNDS.body


@on_sqlite
def test_another_source_that_says_the_same_changes_nothing(stand: Stand) -> None:
    stand.load(REFUNDS, SCHOOLS, source="/help")

    report = stand.load(REFUNDS, replace(SCHOOLS, key="other key"), source="/copy")

    assert (report.added, report.refusals) == ([], [])
    assert report.unchanged == ["article:billing/refunds", "learned_answer:1"]


@on_sqlite
def test_the_same_words_under_another_name_stay_one_article_and_are_named(
    stand: Stand, tmp_path: Path
) -> None:
    pages = tmp_path / "co" / "articles"
    pages.mkdir(parents=True)
    (pages / "pausing.md").write_text("# Pausing\n\nPause in the app.")
    (pages / "refunds.md").write_text("# Refunds\n\nWithin 45 days.")
    with stand.database.session() as session:
        whole = import_source(session, read_source(tmp_path / "co"), source="co")
    for _ in range(2):
        with stand.database.session() as session:
            part = import_source(session, read_source(pages), source="articles")

        assert len(whole.added) == 2
        assert (part.added, part.renamed, part.in_use_after, part.doubt) == ([], {}, 0, "")
        assert sorted(part.unchanged) == sorted(whole.added)
        assert part.same_as == {"co": ["pausing.md", "refunds.md"]}
        assert "not twice pausing.md, refunds.md: source 'co' says the same already" in part.left_out_lines()

    (pages / "pausing.md").write_text("# Pausing\n\nWrite to us.")
    with stand.database.session() as session:
        other = import_source(session, read_source(pages), source="articles")
    assert (len(other.added), len(other.unchanged)) == (1, 1)  # other words are another article


@on_sqlite
@pytest.mark.parametrize(
    ("languages", "added"), [(("en", "en"), 0), (("en", ""), 0), (("", "de"), 0), (("en", "de"), 1)]
)
def test_a_page_in_the_same_words_in_another_language_is_its_own(
    stand: Stand, languages: tuple[str, str], added: int
) -> None:
    here, there = languages
    stand.load(replace(PAUSING, language=here), source="/help")
    report = stand.load(replace(PAUSING, slug="pause", language=there), source="/other")
    assert len(report.added) == added


@on_sqlite
def test_a_retired_article_keeps_no_other_source_from_saying_the_same(stand: Stand) -> None:
    stand.load(PAUSING, source="/help")
    with stand.database.session() as session:
        service.retire(session, "pausing")
    report = stand.load(replace(PAUSING, slug="pause"), source="/other")
    assert report.added == ["article:pause"]


@on_sqlite
def test_retiring_a_source_takes_back_what_it_brought_and_importing_it_again_brings_it_back(
    stand: Stand,
) -> None:
    stand.load(REFUNDS, source="/help")
    stand.load(PAUSING, SCHOOLS, source="/more")
    stand.learn("Can I water with rain water?", "Yes.")

    with stand.database.session() as session:
        report = retire_source(session, "/more")
        listed = {one.name: (one.articles, one.learned_answers) for one in list_sources(session)}

    assert report.retired == ["article:pausing", "learned_answer:1"]
    assert listed == {"/help": (1, 0), "/more": (0, 0)}
    assert stand.best("pause my subscription") == "article:billing/refunds"
    assert stand.learned(2).status == "approved"  # what people taught is of no source

    again = stand.load(PAUSING, SCHOOLS, source="/more")
    assert again.changed == ["article:pausing", "learned_answer:1"]
    assert status_of(stand, "pausing") == "published"
    assert stand.best("pause my subscription") == "article:pausing"


@on_sqlite
def test_a_source_that_was_never_imported_cannot_be_retired(stand: Stand) -> None:
    stand.load(REFUNDS, source="/help")
    with (
        stand.database.session() as session,
        pytest.raises(NotFoundError, match="no source '/halp' was imported; the sources are: '/help'"),
    ):
        retire_source(session, "/halp")


@on_sqlite
def test_another_file_that_answers_a_question_differently_is_refused(stand: Stand) -> None:
    stand.load(SCHOOLS, source="/help")

    report = stand.load(replace(SCHOOLS, answer="No."), source="/copy")

    assert report.added == []
    assert "already answers this question differently" in report.refusals[0].reason


@on_sqlite
def test_an_article_gone_from_one_source_may_come_from_another(stand: Stand) -> None:
    stand.load(REFUNDS, PAUSING, source="/old folder")
    stand.load(REFUNDS, source="/old folder")

    report = stand.load(PAUSING, source="/new folder")

    assert report.refusals == []
    assert status_of(stand, "pausing") == "published"


@on_sqlite
def test_an_edit_made_here_stays_until_the_source_changes(stand: Stand) -> None:
    stand.load(PAUSING)
    with stand.database.session() as session:
        service.edit(session, replace(PAUSING, body="Edited here."))

    assert stand.load(PAUSING).unchanged == ["article:pausing"]
    assert stand.load(replace(PAUSING, body="New in the source.")).changed == ["article:pausing"]
    with stand.database.reading() as session:
        article = repository.get(session, "pausing")
        assert article is not None
        assert article.body == "New in the source."


@on_sqlite
def test_an_article_retired_by_an_editor_stays_retired_when_its_source_is_reworded(stand: Stand) -> None:
    stand.load(PAUSING)
    with stand.database.session() as session:
        service.retire(session, "pausing")

    stand.load(replace(PAUSING, body="Reworded."))

    assert status_of(stand, "pausing") == "retired"


def test_phrasings_learned_from_customers_survive_an_import(stand: Stand) -> None:
    stand.load(SCHOOLS)
    message = stand.say(("customer", "discount for my kindergarten?"), ("agent", "Yes."))
    proposal = stand.drafted(
        message,
        kind="phrasing",
        similar_ref="learned_answer:1",
        question="discount for my kindergarten?",
        phrasings=[],
    )
    stand.approve(proposal)

    stand.load(replace(SCHOOLS, answer="Yes, 15 % off.", phrasings=("School discount?",)))

    row = stand.learned(1)
    assert row.answer == "Yes, 15 % off."
    assert {phrasing.text for phrasing in row.phrasings} == {
        "Do you sell to schools?",
        "School discount?",
        "discount for my kindergarten?",
    }


def test_an_answer_corrected_by_a_person_is_not_brought_back_by_its_file(stand: Stand) -> None:
    stand.load(SCHOOLS)
    message = stand.say(("customer", "Do you sell to schools?"), ("agent", "Not any more."))
    made = stand.approve(
        stand.drafted(
            message,
            kind="correction",
            similar_ref="learned_answer:1",
            question="Do you sell to schools?",
            answer="Not any more.",
            phrasings=[],
        )
    )

    same = stand.load(SCHOOLS)
    changed = stand.load(replace(SCHOOLS, answer="Yes, 15 % off."))

    assert same.unchanged == ["learned_answer:1"]
    assert f"replaced by learned answer {made}" in changed.refusals[0].reason
    assert stand.learned(1).status == "superseded"
    assert stand.best("Do you sell to schools?") == f"learned_answer:{made}"


def test_unfit_pairs_are_refused_and_the_others_imported(stand: Stand) -> None:
    report = stand.load(
        SCHOOLS,
        replace(SCHOOLS, key="long", question="x" * 1001),
        replace(SCHOOLS, key="schools"),
        replace(SCHOOLS, key="k" * 256),
    )

    assert report.added == ["learned_answer:1"]
    assert [refusal.reason.split(";")[0] for refusal in report.refusals] == [
        "question has 1,001 characters, at most 1,000 are allowed",
        "key 'schools' appears twice in this source",
        "key has 256 characters",
    ]


def test_texts_that_postgresql_cannot_keep_are_cleaned(stand: Stand) -> None:
    stand.load(replace(PAUSING, body="Pause\x00 \ud800 here.\r\nThen wait."), SCHOOLS)

    assert stand.load(replace(PAUSING, body="Pause ? here.\nThen wait.")).unchanged == ["article:pausing"]


def test_an_import_that_fails_half_way_leaves_nothing(stand: Stand) -> None:
    stand.load(PAUSING)
    with stand.database.session() as session:
        import_source(session, ImportResult(articles=(REFUNDS,)), source="/help")
        session.rollback()

    assert status_of(stand, "billing/refunds") is None
    assert status_of(stand, "pausing") == "published"
    assert changes(stand) == ["article:pausing"]


@on_sqlite
def test_a_source_needs_a_name(stand: Stand) -> None:
    with pytest.raises(DataError, match="source has 0 characters"):
        stand.load(PAUSING, source="")


@on_sqlite
def test_an_imported_answer_retired_by_an_editor_stays_retired(stand: Stand) -> None:
    stand.load(SCHOOLS)
    with stand.database.session() as session:
        learned_service.retire(session, 1)

    stand.load(SCHOOLS)

    assert stand.learned(1).status == "retired"


@on_sqlite
def test_what_people_released_here_stays_released_when_its_source_is_reworded(stand: Stand) -> None:
    stand.load(SCHOOLS)
    row = answers_in_use(stand)["schools"]
    with stand.database.session() as session:
        learned_service.edit(session, row.id, released=True)
    stand.load(replace(SCHOOLS, answer="Yes, 12 %."))
    row = answers_in_use(stand)["schools"]
    assert (row.answer, row.released) == ("Yes, 12 %.", True)
