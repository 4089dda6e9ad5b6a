from pathlib import Path

import pytest

from serving.settings import Settings, SettingsError, load


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder, text):
    (folder / "penstock.toml").write_text(text)


def test_without_file_or_variables_the_defaults_stand(folder):
    settings = load({})
    assert settings.gateway_port == Settings().gateway_port
    assert settings.var_dir == Path("var")


def test_the_file_in_the_working_directory_is_read(folder):
    write(folder, 'gateway_port = 8123\nvar_dir = "elsewhere"\nmonitor_interval_s = 5')
    settings = load({})
    assert (settings.gateway_port, settings.var_dir, settings.monitor_interval_s) == (
        8123,
        Path("elsewhere"),
        5.0,
    )
    assert type(settings.monitor_interval_s) is float


def test_a_named_file_is_read_instead(folder):
    write(folder, "gateway_port = 1")
    (folder / "other.toml").write_text("gateway_port = 2")
    assert load({"PENSTOCK_SETTINGS": "other.toml"}).gateway_port == 2


def test_a_variable_goes_over_the_file(folder):
    write(folder, "gateway_port = 8123\nmonitor_port = 9123")
    settings = load({"PENSTOCK_GATEWAY_PORT": "8456"})
    assert (settings.gateway_port, settings.monitor_port) == (8456, 9123)


def test_an_empty_text_counts_as_not_set(folder):
    write(folder, 'var_dir = ""')
    settings = load({"PENSTOCK_GATEWAY_PORT": "", "PENSTOCK_HOST": ""})
    assert (settings.gateway_port, settings.host, settings.var_dir) == (8000, "127.0.0.1", Path("var"))


def test_variables_of_others_are_left_alone():
    assert load({"GATEWAY_PORT": "1", "PATH": "/bin"}).gateway_port == 8000


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        (
            {"PENSTOCK_GATEWAY_PROT": "1"},
            "which is no setting; did you mean 'gateway_port'?",
        ),
        (
            {"PENSTOCK_QQQQ": ""},
            "PENSTOCK_QQQQ sets 'qqqq', which is no setting; known are var_dir, ",
        ),
        ({"PENSTOCK_GATEWAY_PORT": "http"}, "'gateway_port' must be a whole number, not 'http'"),
        ({"PENSTOCK_GATEWAY_PORT": "80.5"}, "'gateway_port' must be a whole number, not '80.5'"),
        ({"PENSTOCK_GATEWAY_PORT": "70000"}, "'gateway_port' must be a port from 1 to 65535, not 70000"),
        ({"PENSTOCK_GATEWAY_WORKERS": "0"}, "'gateway_workers' must be above zero, not 0"),
        ({"PENSTOCK_MONITOR_INTERVAL_S": "nan"}, "'monitor_interval_s' must be above zero, not nan"),
        ({"PENSTOCK_MONITOR_INTERVAL_S": "inf"}, "'monitor_interval_s' must be above zero, not inf"),
        ({"PENSTOCK_DRIFT_SHARE": "50"}, "'drift_share' must be a share from 0 to 1, not 50.0"),
        ({"PENSTOCK_VAR_DIR": "  "}, "the variable PENSTOCK_VAR_DIR: 'var_dir' must be a path, not '  '"),
        ({"PENSTOCK_SETTINGS": "none.toml"}, "PENSTOCK_SETTINGS names 'none.toml', which does not exist"),
    ],
)
def test_a_variable_that_cannot_be_used_is_said(variables, sentence):
    with pytest.raises(SettingsError) as refused:
        load(variables)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("gateway_port = true", "'penstock.toml': 'gateway_port' must be a whole number, not True"),
        ("gateway_port = 80.5", "'gateway_port' must be a whole number, not 80.5"),
        ("gateway_port = [1]", "'gateway_port' must be a whole number, not [1]"),
        ("var_dir = 7", "'var_dir' must be a path, not 7"),
        ("host = 127", "'host' must be text, not 127"),
        ("[gateway]\nport = 1", "'penstock.toml' sets 'gateway', which is no setting"),
        ("gateway_port = ", "'penstock.toml' must be a TOML file of settings; "),
    ],
)
def test_a_file_that_cannot_be_used_is_said(folder, text, sentence):
    write(folder, text)
    with pytest.raises(SettingsError) as refused:
        load({})
    assert sentence in str(refused.value)


def test_a_file_that_is_no_text_is_said(folder):
    (folder / "penstock.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match=r"'penstock.toml' must be a TOML file of settings"):
        load({})


def test_a_folder_in_the_files_place_is_said(folder):
    (folder / "penstock.toml").mkdir()
    with pytest.raises(SettingsError, match=r"'penstock.toml' must be a TOML file of .*Is a directory"):
        load({})


def test_the_tracking_server_is_the_local_stacks():
    assert load({"PENSTOCK_MLFLOW_PORT": "5123"}).tracking_uri == "http://127.0.0.1:5123"


def test_mlflows_own_variable_names_the_tracking_server():
    assert load({"MLFLOW_TRACKING_URI": "http://mlflow:5000"}).tracking_uri == "http://mlflow:5000"


def test_the_own_setting_of_the_tracking_server_goes_over_mlflows():
    variables = {"MLFLOW_TRACKING_URI": "http://a", "PENSTOCK_TRACKING_URI": "http://b"}
    assert load(variables).tracking_uri == "http://b"


def test_the_database_is_sqlite_in_the_var_folder_from_any_working_directory(folder):
    assert load({"PENSTOCK_VAR_DIR": "v"}).database_url == f"sqlite:///{folder}/v/penstock.db"


def test_a_database_url_stands_as_it_is_given():
    assert load({"PENSTOCK_DATABASE_URL": "postgresql://db/p"}).database_url == "postgresql://db/p"


def test_every_place_is_under_the_var_folder():
    settings = load({"PENSTOCK_VAR_DIR": "v"})
    places = [settings.prediction_log_dir, settings.gateway_dir, settings.monitor_dir]
    assert places == [Path("v/predictions"), Path("v/gateway"), Path("v/monitor")]


@pytest.mark.parametrize(("text", "wanted"), [("1", True), ("true", True), ("False", False), ("0", False)])
def test_a_switch_reads_words_and_digits(text: str, wanted: bool) -> None:
    assert load({"PENSTOCK_OPEN_HOST": text}).open_host is wanted


def test_a_switch_refuses_other_words() -> None:
    with pytest.raises(SettingsError, match="'open_host' must be true or false, not 'yes'"):
        load({"PENSTOCK_OPEN_HOST": "yes"})


def test_project_folders_lie_in_the_var_folder_unless_they_are_moved(tmp_path: Path) -> None:
    assert load({"PENSTOCK_VAR_DIR": "v"}).projects_dir == Path("v/projects")
    assert load({"PENSTOCK_PROJECTS_DIR": str(tmp_path)}).projects_dir == tmp_path


def test_a_secret_may_stand_in_a_file_of_its_own(folder):
    (folder / "url").write_text("postgresql://me:secret@db/penstock\n")
    assert load({"PENSTOCK_DATABASE_URL_FILE": "url"}).database_url == "postgresql://me:secret@db/penstock"
    write(folder, 'jobs_redis_url_file = "url"')
    assert load({}).jobs_redis_url == "postgresql://me:secret@db/penstock"


def test_a_variable_goes_over_a_secret_that_the_file_of_settings_names(folder):
    (folder / "key").write_text("theirs")
    write(folder, 'log_hash_key_file = "key"')
    assert load({"PENSTOCK_LOG_HASH_KEY": "mine"}).log_hash_key == "mine"


def test_a_secret_that_is_given_goes_over_its_file(folder):
    given = {"PENSTOCK_LOG_HASH_KEY_FILE": "nowhere", "PENSTOCK_LOG_HASH_KEY": "mine"}
    assert load(given).log_hash_key == "mine"
    assert load({"PENSTOCK_LOG_HASH_KEY_FILE": ""}).log_hash_key == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "which cannot be read (FileNotFoundError)"),
        ("", "which must hold one line; write it so"),
        ("a\nb", "which must hold one line; write it so"),
    ],
)
def test_a_secrets_file_that_cannot_be_used_is_said(folder, text, why):
    if text is not None:
        (folder / "url").write_text(text)
    with pytest.raises(SettingsError) as caught:
        load({"PENSTOCK_DATABASE_URL_FILE": "url"})
    where = "the variable PENSTOCK_DATABASE_URL_FILE: 'database_url_file' names 'url'"
    assert str(caught.value) == f"{where}, {why}"
