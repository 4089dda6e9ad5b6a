"""The policy is a tag of the real registry, and an edit there outlives the next training."""

import json

from mlflow import MlflowClient

from projects.requirement.model import Requirement
from projects.requirement.policy import TAG, write_policy


def test_an_edited_policy_outlives_the_next_training(mlflow_server):
    client = MlflowClient(mlflow_server.uri, mlflow_server.uri)
    client.create_registered_model("policy-test")
    asked = {"project_name": "p", "traffic": {"mask": ["email"]}, "monitoring": {"drift_share": 0.5}}
    write_policy(client, "policy-test", Requirement.model_validate(asked))
    policy = json.loads(client.get_registered_model("policy-test").tags[TAG])
    policy["monitoring"]["drift_share"] = 0.2
    client.set_registered_model_tag("policy-test", TAG, json.dumps(policy))
    asked["traffic"] = {"mask": ["email", "phone"]}
    kept = write_policy(client, "policy-test", Requirement.model_validate(asked))
    policy = json.loads(client.get_registered_model("policy-test").tags[TAG])
    assert policy["monitoring"]["drift_share"] == 0.2
    assert policy["log"]["mask"] == ["email", "phone"]
    assert kept == ("the policy's monitoring.drift_share stays 0.2; the requirement says 0.5",)
