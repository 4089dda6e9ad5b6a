"""The section `compute` takes a word, an address or its keys, and refuses what is no cluster."""

import json

import pytest
from pydantic import ValidationError

from projects.errors import BadInput
from projects.requirement.meaning import in_words
from projects.requirement.model import Compute, Requirement
from projects.requirement.read import read_requirement


@pytest.mark.parametrize(
    ("written", "cluster"),
    [
        ("", ""),
        ("none", ""),
        ("this machine", ""),
        ("Local", "local"),
        ("dask: local", "local"),
        ("tcp://10.0.0.1:8786", "tcp://10.0.0.1:8786"),
        ("dask: tcp://10.0.0.1:8786", "tcp://10.0.0.1:8786"),
        ("dask:tls://scheduler", "tls://scheduler:8786"),
        ("TCP://host:9000/", "tcp://host:9000"),
        ("dask-scheduler:8786", "tcp://dask-scheduler:8786"),
        ("tcp://[::1]:8786", "tcp://[::1]:8786"),
        ({"dask": "tcp://10.0.0.1"}, "tcp://10.0.0.1:8786"),
        ({"cluster": "local", "workers": 3}, "local"),
    ],
)
def test_what_stands_for_a_cluster_is_read(written, cluster):
    assert Requirement.model_validate({"compute": written}).compute.cluster == cluster


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("loacl", "compute: 'loacl' names no cluster; did you mean 'local'?"),
        ("spark", "compute: 'spark' names no cluster; give local, or a Dask scheduler such as"),
        (
            "http://host:8787",
            "reached by tcp:// or tls://, not by http://; give one like tcp://10.0.0.1:8786",
        ),
        ("tcp://host:99999", "the port 99999 of 'tcp://host:99999' is none; give one from 1 to 65535"),
    ],
)
def test_what_is_no_cluster_is_refused_in_a_sentence(written, sentence):
    with pytest.raises(BadInput) as refused:
        read_requirement(parameters={"compute": written})
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("compute.memory=lots", "memory must be like 2GB or 500MiB, not 'lots'"),
        ("compute.worker=3", "did you mean 'workers'?"),
        ("compute.workers=0", "compute.workers must be a whole number from 1 to 256, not '0'"),
        ("compute.threads=two", "compute.threads must be a whole number from 1 to 256, not 'two'"),
    ],
)
def test_a_wrong_key_of_the_section_is_refused_in_a_sentence(text, sentence):
    with pytest.raises(BadInput) as refused:
        read_requirement(parameters={"set": text})
    assert sentence in str(refused.value)


@pytest.mark.parametrize("section", ["compute: local", "compute: {dask: tcp://h}", "compute: {workers: 4}"])
def test_a_parameter_wins_over_the_files_section_or_word(tmp_path, section):
    file = tmp_path / "asked.yaml"
    file.write_text(f"data_source: a.csv\n{section}\n")
    asked = read_requirement(
        spec=str(file), parameters={"compute": "tcp://other:1", "set": "compute.threads=2"}
    )
    assert (asked.compute.cluster, asked.compute.threads) == ("tcp://other:1", 2)


def test_what_is_given_twice_in_a_file_is_refused(tmp_path):
    file = tmp_path / "asked.yaml"
    file.write_text("compute:\n  dask: tcp://h\n  cluster: local\n")
    with pytest.raises(BadInput, match=r"there is no key compute\.dask"):
        read_requirement(spec=str(file))


def test_the_section_may_be_given_back_as_it_was_read():
    asked = Requirement(compute=Compute(cluster="local", memory="2 GiB"))
    assert Requirement.model_validate(json.loads(asked.model_dump_json())) == asked


def test_where_the_work_is_done_is_said_in_words():
    asked = Requirement(data_source="a.csv", compute=Compute(cluster="tcp://h:1"))
    assert "The work is done on the Dask cluster at tcp://h:1." in in_words(asked)


def test_a_nan_is_no_number_of_workers():
    with pytest.raises(ValidationError, match=r"finite|integer"):
        Compute(workers=float("nan"))
