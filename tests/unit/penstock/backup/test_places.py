"""What belongs to an installation, by its settings."""

from penstock.backup.manifest import Item, Manifest
from penstock.backup.places import Places, places_of
from penstock.backup.restore import restore
from penstock.backup.rooms import FolderRoom
from serving.lifecycle import schema
from serving.settings import load


def test_the_logs_copy_in_a_bucket_belongs_to_it_and_is_read_after_the_folder():
    parts = list(places_of(load({})).rooms)
    with_bucket = places_of(load({"PENSTOCK_LOG_S3_URI": "s3://penstock/predictions"})).late
    assert "predictions_bucket" not in parts
    assert with_bucket["predictions_bucket"].place == "s3://penstock/predictions"
    assert list(with_bucket).index("predictions") < list(with_bucket).index("predictions_bucket")


def test_a_restore_says_what_it_has_no_place_for(tmp_path):
    made = Manifest(
        "20261122T000000Z-abcdef", "2026-11-22T00:00:00+00:00", {"tables": schema.NEWEST},
        parts={"databases": (), "secrets": (), "predictions_bucket": (Item("a.parquet", "0" * 64, 1),)},
    )  # fmt: skip
    said = []
    restore(FolderRoom(tmp_path / "backups"), made, Places(()), say=said.append)
    assert said == ["predictions_bucket: 1 files left out, as the settings name no place for them"]
