"""The parts without a page: event parsing, outbox, timeline, waiting; run in a real browser."""

from typing import Any

from playwright.sync_api import Page


def run(page: Page, site: str, imports: str, body: str) -> Any:  # whatever the script gives back
    page.goto(f"{site}/blank")
    lines = [
        f'const {{ {names} }} = await import("/parts/messenger/{file}.js");' for names, file in pairs(imports)
    ]
    return page.evaluate(f"async () => {{ {' '.join(lines)} {body} }}")


def pairs(imports: str) -> list[tuple[str, str]]:
    return [(names, file) for names, file in (part.split(" from ") for part in imports.split("; "))]


def parse(page: Page, site: str, pieces: list[str]) -> Any:
    return run(
        page,
        site,
        "EventParser from events",
        f"const p = new EventParser(); return {pieces!r}.flatMap((piece) => p.push(piece));",
    )


def test_events_with_many_data_lines_ids_and_comments_are_parsed(page: Page, site: str) -> None:
    text = ": hello\nid: 7\nevent: status\ndata: one\ndata:two\ndata\n\ndata: x\n\nevent: empty\n\n"
    assert parse(page, site, [text]) == [
        {"type": "status", "data": "one\ntwo\n", "id": "7"},
        {"type": "message", "data": "x", "id": "7"},
    ]


def test_any_line_end_and_any_cut_give_the_same_events(page: Page, site: str) -> None:
    whole = "id: 1\r\ndata: a\r\n\r\nid: 2\rdata: b\r\rid: 3\ndata: c\n\n"
    expected = [{"type": "message", "data": text, "id": str(i)} for i, text in enumerate("abc", start=1)]
    assert parse(page, site, [whole]) == expected
    assert parse(page, site, list(whole)) == expected


def test_an_event_cut_off_by_the_end_is_not_given(page: Page, site: str) -> None:
    assert parse(page, site, ["data: half\n"]) == []


def test_an_id_with_a_null_is_ignored(page: Page, site: str) -> None:
    found = parse(page, site, ["id: 4\ndata: a\n\nid: 5\\0\ndata: b\n\n".replace("\\0", "\0")])
    assert [event["id"] for event in found] == ["4", "4"]


OUTBOX = """
const log = [];
const nothing = () => {};
const outbox = (store, post) =>
  new Outbox({ store, post, onSent: (e, m) => log.push(m), onChange: nothing, onFailure: nothing });
const until = async (done) => { while (!done()) await new Promise((r) => setTimeout(r, 5)); };
"""
PARTS = "Outbox from outbox; Store from storage; Problem from api"


def test_the_outbox_sends_in_order_and_forgets_what_was_acknowledged(page: Page, site: str) -> None:
    body = """
    const box = outbox(new Store("t:"), async (e) => e.text);
    ["a", "b", "c"].forEach((text) => box.add("k", text));
    await until(() => log.length === 3);
    return [log, box.entries().length];
    """
    assert run(page, site, PARTS, OUTBOX + body) == [["a", "b", "c"], 0]


def test_the_outbox_survives_a_reload(page: Page, site: str) -> None:
    never = 'outbox(new Store("t:"), () => new Promise(() => {})).add("k", "kept");'
    run(page, site, PARTS, OUTBOX + never)
    body = """
    outbox(new Store("t:"), async (e) => e.text).wake();
    await until(() => log.length);
    return log;
    """
    assert run(page, site, PARTS, OUTBOX + body) == ["kept"]


def test_the_outbox_tries_again_with_the_same_id_until_it_works(page: Page, site: str) -> None:
    body = """
    const ids = [];
    const box = outbox(new Store("t:"), async (e) => {
      ids.push(e.client_id);
      if (ids.length < 3) throw new Problem(ids.length === 1 ? 0 : 503);
      return "done";
    });
    box.add("k", "a");
    await until(() => ids.length === 1); await until(() => (box.wake(), log.length));
    return [ids.length, new Set(ids).size, log];
    """
    assert run(page, site, PARTS, OUTBOX + body) == [3, 1, ["done"]]


def test_a_refused_message_does_not_hold_up_the_next(page: Page, site: str) -> None:
    body = """
    const box = outbox(new Store("t:"), async (e) => {
      if (e.text === "bad") throw new Problem(422, "too long");
      return e.text;
    });
    box.add("k", "bad"); box.add("k", "good");
    await until(() => log.length);
    return [log, box.entries().map((e) => [e.text, e.error])];
    """
    assert run(page, site, PARTS, OUTBOX + body) == [["good"], [["bad", "too long"]]]


def test_full_storage_falls_back_to_memory(page: Page, site: str) -> None:
    body = """
    const full = { getItem: () => null, setItem() { throw new Error("full"); }, removeItem() {}, length: 0 };
    const store = new Store("t:", full);
    store.set("outbox:1", { a: 1 });
    const kept = [store.get("outbox:1"), store.keys("outbox:")];
    store.remove("outbox:1");
    return [...kept, store.get("outbox:1")];
    """
    assert run(page, site, "Store from storage", body) == [{"a": 1}, ["outbox:1"], None]


def test_a_message_that_arrived_hides_its_own_copy_on_the_way(page: Page, site: str) -> None:
    body = """
    const line = new Timeline();
    const message = (id, client_id) => ({ id, client_id, text: client_id, payload: {} });
    const fresh = [line.put(message(2, "b")), line.put(message(1, "a")), line.put(message(2, "b"))];
    const entries = [{ client_id: "b", text: "b", at: 0 }, { client_id: "c", text: "c", at: 0 }];
    const items = itemsOf(line.messages(), entries);
    return [fresh, items.map((item) => [item.text, item.state])];
    """
    assert run(page, site, "Timeline, itemsOf from timeline", body) == [
        [True, True, False],
        [["a", "sent"], ["b", "sent"], ["c", "sending"]],
    ]


def test_an_older_event_does_not_take_feedback_back(page: Page, site: str) -> None:
    body = """
    const line = new Timeline();
    line.put({ id: 1, payload: { feedback: null } });
    line.setFeedback(1, true);
    line.put({ id: 1, payload: { feedback: null } });
    return line.messages()[0].payload.feedback;
    """
    assert run(page, site, "Timeline from timeline", body) is True


def test_waits_double_to_half_a_minute_with_some_chance(page: Page, site: str) -> None:
    body = "return [0, 1, 2, 3, 9].map((n) => [backoff(n, () => 0), backoff(n, () => 1)]);"
    assert run(page, site, "backoff from waiting", body) == [
        [250, 500],
        [500, 1000],
        [1000, 2000],
        [2000, 4000],
        [15000, 30000],
    ]


def test_an_id_is_a_uuid_without_https_too(page: Page, site: str) -> None:
    body = "delete Crypto.prototype.randomUUID; return newId();"
    new_id = run(page, site, "newId from storage", body)
    assert [len(part) for part in new_id.split("-")] == [8, 4, 4, 4, 12]
