"""Server-side encryption in buckets: the setting `s3_encryption` in the words of S3's API."""

import re
from typing import Any

from serving.settings import SettingsError

_FORM = re.compile(r"(?P<kind>AES256|aws:kms)(?::(?P<key>\S+))?")


def upload_arguments(encryption: str) -> dict[str, str]:
    """What boto3's `put_object`, and `ExtraArgs` of its uploads, are given.

    Args:
        encryption: `AES256`, `aws:kms`, `aws:kms:KEY`, or nothing for what the bucket does by itself.

    Raises:
        SettingsError: It is none of these.
    """
    if not encryption:
        return {}
    match = _FORM.fullmatch(encryption)
    if match is None or (match["key"] and match["kind"] != "aws:kms"):
        raise SettingsError(f"'s3_encryption' must be AES256, aws:kms or aws:kms:KEY, not '{encryption}'")
    asked = {"ServerSideEncryption": match["kind"]}
    return asked | ({"SSEKMSKeyId": match["key"]} if match["key"] else {})


def bucket_rules(encryption: str) -> dict[str, Any]:
    """What `put_bucket_encryption` is given, so that a bucket encrypts what comes without asking for it.

    Raises:
        SettingsError: The encryption is not one that S3 knows.
    """
    asked = upload_arguments(encryption)
    names = {"ServerSideEncryption": "SSEAlgorithm", "SSEKMSKeyId": "KMSMasterKeyID"}
    by_default = {names[name]: value for name, value in asked.items()}
    return {"Rules": [{"ApplyServerSideEncryptionByDefault": by_default}]}
