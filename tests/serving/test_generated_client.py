"""A Python client generated from the API's schema, used against a running server."""

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

import pytest

from serving.app import create_app
from serving.company.accounts import create_api_key
from serving.db.tables import new_id
from serving.runtime.assembly import Runtime, build_runtime
from serving.settings import Settings
from tests.serving.parts import PASSWORD, AgentAtWork, LiveServer
from tests.serving.rules import HashReader, RuleResolver

PACKAGE = "generated_firstlast_client"


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    home = tmp_path_factory.mktemp("home")
    return build_runtime(Settings.load(home), encoder=HashReader(), resolver=RuleResolver())


@pytest.fixture(scope="module")
def server(runtime: Runtime) -> Iterator[LiveServer]:
    """On a free port of this machine; its end stops the runtime."""
    with LiveServer(runtime) as server:
        yield server


@pytest.fixture(scope="module")
def client(runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The generated package; the generator must find nothing to warn of."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "openapi.json").write_text(json.dumps(create_app(runtime).openapi()))
    (folder / "config.yml").write_text("post_hooks: []\n")  # what it is formatted with is no matter here
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning"]
    options = ["--path", "openapi.json", "--config", "config.yml", "--meta", "none", "--output-path", PACKAGE]
    made = subprocess.run([*command, *options], cwd=folder, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield import_module(PACKAGE)
    for name in [name for name in sys.modules if name.startswith(PACKAGE)]:
        del sys.modules[name]


@pytest.fixture
def api_key(runtime: Runtime) -> str:
    with runtime.database.session() as session:
        return create_api_key(session, name=f"shop {new_id()}", scopes=["ask", "classify"]).secret


def operation(place: str) -> ModuleType:
    return import_module(f"{PACKAGE}.api.{place}")


def test_a_server_classifies_texts(client: ModuleType, server: LiveServer, api_key: str) -> None:
    models = import_module(f"{PACKAGE}.models")
    with client.AuthenticatedClient(base_url=server.address, token=api_key) as shop:
        body = models.ClassifyBody(texts=["an awful refund", "a person, please"], top_k=1)
        told = operation("classify.classify").sync(client=shop, body=body)
    assert isinstance(told, models.ClassifyOut)
    first, second = told.texts
    assert (first.intent, first.out_of_scope, first.asks_for_person) == ("refund_policy", False, False)
    assert [(one.name, one.probability) for one in first.intents] == [("refund_policy", 0.7)]
    assert first.sentiment is models.ClassifiedTextSentiment.NEGATIVE
    assert first.sentiments.negative == 0.9
    assert (second.intent, second.asks_for_person, second.mood) == (None, True, None)


def test_a_server_asks_one_question_and_many(client: ModuleType, server: LiveServer, api_key: str) -> None:
    models = import_module(f"{PACKAGE}.models")
    with client.AuthenticatedClient(base_url=server.address, token=api_key) as shop:
        told = operation("ask.ask").sync(client=shop, body=models.AskBody(question="do you ship?"))
        questions = [models.AskBody(question=text) for text in ("a refund?", "hello", "unclear")]
        many = operation("ask.ask_batch").sync(client=shop, body=models.AskBatchBody(questions))
    assert told.decision is models.AskOutDecision.ANSWER
    assert told.reasons == [models.Reason.ABOVE_THRESHOLD]
    (source,) = told.sources
    assert (source.ref, source.kind) == ("learned_answer:1", models.SourceOutKind.LEARNED_ANSWER)
    assert [one.decision.value for one in many.decisions] == ["answer", "smalltalk", "clarify"]
    assert many.decisions[1].reasons == ["smalltalk_greeting"]
    assert [choice.ref for choice in many.decisions[2].choices] == [
        "article:refund-policy",
        "learned_answer:1",
    ]


def test_what_is_refused_comes_as_a_typed_problem(
    client: ModuleType, server: LiveServer, api_key: str
) -> None:
    models = import_module(f"{PACKAGE}.models")
    classify, list_articles = operation("classify.classify"), operation("articles.list_articles")
    with client.AuthenticatedClient(base_url=server.address, token=api_key) as shop:
        empty = classify.sync_detailed(client=shop, body=models.ClassifyBody(texts=[]))
        out_of_reach = list_articles.sync_detailed(client=shop)
    with client.AuthenticatedClient(base_url=server.address, token="fl_unknown") as nobody:
        unknown = classify.sync_detailed(client=nobody, body=models.ClassifyBody(texts=["refund"]))
    assert [answer.parsed.status for answer in (empty, out_of_reach, unknown)] == [422, 403, 401]
    assert all(isinstance(one.parsed, models.Problem) for one in (empty, out_of_reach, unknown))
    assert empty.parsed.errors[0].at == ["body", "texts"]
    assert out_of_reach.parsed.detail == "this needs the permission 'articles:read'; ask an admin"


def test_a_customer_talks_and_an_agent_signs_in_and_reads_it(
    client: ModuleType, server: LiveServer, runtime: Runtime
) -> None:
    models = import_module(f"{PACKAGE}.models")
    with client.Client(base_url=server.address) as anyone:
        visitor = operation("customers.make_token").sync(client=anyone, body=models.TokenBody())
    with client.AuthenticatedClient(base_url=server.address, token=visitor.token) as customer:
        body = models.NewConversation(client_id="c1")
        conversation = operation("conversations.start_conversation").sync(client=customer, body=body)
        said = operation("conversations.post_message").sync(
            conversation.id, client=customer, body=models.NewMessage(client_id="m1", text="a refund?")
        )
    assert conversation.status is models.ConversationOutStatus.BOT
    assert said.author is models.MessageOutAuthor.CUSTOMER
    ada = AgentAtWork(server.client, runtime)
    with client.Client(base_url=server.address) as browser:  # keeps the session's cookie
        body = models.SignInBody(email=ada.email, password=PASSWORD)
        signed_in = operation("agents.sign_in").sync(client=browser, body=body)
        seen = operation("conversations.get_conversation").sync(conversation.id, client=browser)
    assert signed_in.role is models.SignedInAgentOutRole.AGENT
    assert isinstance(seen, models.AgentConversationOut)
    assert seen.contact.id == visitor.contact_id
    assert seen.last_message.text == "a refund?"
