"""The configuration file: defaults as written, unknown keys refused."""

import pytest

from projects.errors import BadInput
from projects.examples.churn.config import DEFAULT, Config, read_config
from projects.examples.churn.pipeline import factories
from projects.examples.churn.providers.extractive import ExtractiveSettings
from projects.examples.churn.providers.local_vectors import LocalSettings
from projects.examples.churn.providers.openai_texts import OpenAISettings


def test_the_file_s_values_are_the_defaults():
    assert read_config(DEFAULT).model_copy(update={"providers": {}}) == Config()


@pytest.mark.parametrize(
    ("name", "kind"),
    [("extractive", ExtractiveSettings), ("huggingface", LocalSettings), ("openai", OpenAISettings)],
)
def test_the_file_s_provider_settings_are_the_defaults(name, kind):
    assert kind(**read_config(DEFAULT).providers[name]) == kind()


def test_the_named_defaults_are_these():
    config = Config()
    assert (config.data.batch_size, config.data.num_threads) == (10, 4)
    assert (config.model.scale_features, config.model.save_format) == (True, "json")


def test_the_default_providers_need_nothing():
    summary_llm, llm = factories(Config())
    assert (summary_llm.provider, llm.provider) == ("extractive", "extractive")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("data: {batch_sizes: 3}", "there is no key data.batch_sizes; did you mean 'batch_size'"),
        ("modell: {}", "there is no key modell; did you mean 'model'?"),
        ("data: {batch_size: 0}", "data.batch_size is 0; Input should be greater than 0"),
        (
            "model: {save_format: xml}",
            "model.save_format is 'xml'; Input should be 'json', 'pickle' or 'both'",
        ),
        ("a: [", "is no YAML"),
        ("- 1", "must hold keys like 'data:', not a list"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path, text, said):
    (tmp_path / "config.yml").write_text(text)
    with pytest.raises(BadInput) as refused:
        read_config(tmp_path / "config.yml")
    assert said in str(refused.value)


def test_an_empty_file_means_the_defaults(tmp_path):
    (tmp_path / "config.yml").touch()
    assert read_config(tmp_path / "config.yml") == Config()


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"cannot be read: .*; name a YAML file"):
        read_config(tmp_path / "config.yml")
