"""The setting `s3_encryption` in S3's words."""

import pytest

from serving.prediction_log.bucket import Bucket
from serving.prediction_log.encryption import bucket_rules, upload_arguments
from serving.settings import SettingsError


@pytest.mark.parametrize(
    ("setting", "asked"),
    [
        ("", {}),
        ("AES256", {"ServerSideEncryption": "AES256"}),
        ("aws:kms", {"ServerSideEncryption": "aws:kms"}),
        (
            "aws:kms:arn:aws:kms:eu-1:1:key/2",
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "arn:aws:kms:eu-1:1:key/2"},
        ),
    ],
)
def test_an_upload_asks_for_what_is_set(setting, asked):
    assert upload_arguments(setting) == asked


@pytest.mark.parametrize("setting", ["aes256", "AES256:key", "kms", "aws:kms:a b", "aws:kms:"])
def test_what_s3_does_not_know_is_refused_in_a_sentence(setting):
    with pytest.raises(SettingsError) as caught:
        Bucket("s3://bucket", setting)
    assert str(caught.value) == f"'s3_encryption' must be AES256, aws:kms or aws:kms:KEY, not '{setting}'"


def test_a_bucket_encrypts_by_the_same_key():
    rule = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "mine"}
    assert bucket_rules("aws:kms:mine") == {"Rules": [{"ApplyServerSideEncryptionByDefault": rule}]}
