"""MLflow's AI gateway stands between the example and a provider: summaries and embeddings come through it."""

import pytest
from mlflow.entities import GatewayEndpointModelConfig, GatewayModelLinkageType
from mlflow.store.tracking.rest_store import RestStore
from mlflow.utils.credentials import get_default_host_creds

from projects.examples.churn.factories import EmbeddingFactory, SummaryFactory
from tests.conftest import run_mlflow_server
from tests.unit.projects.examples.churn_endpoint import endpoint, summary, vectors

pytestmark = pytest.mark.slow
NAME = "texts"


def answer(path, body):
    if path.endswith("/embeddings"):
        status, headers, content = vectors(*([float(len(text)), 1.0] for text in body["input"]))
        extra = {"object": "list", "model": "m"}
        data = [one | {"object": "embedding"} for one in content["data"]]
        return (
            status,
            headers,
            content | extra | {"data": data, "usage": {"prompt_tokens": 7, "total_tokens": 7}},
        )
    status, headers, content = summary("It was slow.")
    message = {"role": "assistant", "content": "It was slow."}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    extra = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    return status, {"Content-Type": "application/json"}, content | extra


@pytest.fixture(scope="module")
def talk():
    with endpoint() as talk:
        talk.answer = answer
        yield talk


@pytest.fixture(scope="module")
def server(talk, tmp_path_factory, free_port):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_GATEWAY_API_BASE_ALLOW_PRIVATE_IPS", "true")
        patch.setenv("MLFLOW_GATEWAY_API_BASE_ALLOWED_SCHEMES", "http")
        with run_mlflow_server(tmp_path_factory.mktemp("gateway"), free_port()) as server:
            store = RestStore(lambda: get_default_host_creds(server.uri))
            secret = store.create_gateway_secret(
                "key", {"api_key": "a-key"}, provider="openai", auth_config={"api_base": talk.url}
            )
            model = store.create_gateway_model_definition("model", secret.secret_id, "openai", "m")
            link = GatewayEndpointModelConfig(model.model_definition_id, GatewayModelLinkageType.PRIMARY)
            store.create_gateway_endpoint(NAME, [link], usage_tracking=False)
            yield server


@pytest.fixture
def settings(server):
    return {
        "base_url": f"{server.uri}/gateway/mlflow/v1",
        "embeddings_url": f"{server.uri}/gateway/openai/v1",
        "summary_model": NAME,
        "embedding_model": NAME,
        "attempts": 1,
        "key_variable": "",
    }


def test_a_summary_comes_through_it(settings, talk):
    llm = SummaryFactory("openai", settings)
    assert llm.summarize("The line was slow all week.") == "It was slow."
    assert talk.asked[-1][1]["messages"][-1]["content"] == "The line was slow all week."
    assert llm.spent["input_tokens"] == 100


def test_embeddings_come_through_it(settings):
    assert EmbeddingFactory("openai", settings).get_embeddings(["one", "three"]) == [[3.0, 1.0], [5.0, 1.0]]
