"""Settings: where they come from, and what is refused."""

import stat
import threading
from pathlib import Path

import pytest

from model.errors import ConfigurationError
from serving.settings import Settings, make_home, read_or_make_secret


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for key in list(os.environ):
        if key.startswith("FIRSTLAST_"):
            monkeypatch.delenv(key)


def test_defaults_live_in_the_home_folder(tmp_path: Path) -> None:
    settings = Settings.load(tmp_path)
    assert settings.database_url == f"sqlite:///{tmp_path / 'firstlast.db'}"
    assert (settings.host, settings.port, settings.risk_budget) == ("127.0.0.1", 8080, 0.02)
    assert settings.burst_milliseconds == 800
    assert settings.encoder_folder == tmp_path / "models" / "encoder"


def test_the_environment_counts_before_the_file_and_the_file_before_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "firstlast.toml").write_text('port = 9000\ncompany_name = "Tuckleaf"\n')
    monkeypatch.setenv("FIRSTLAST_PORT", "9001")
    settings = Settings.load(tmp_path)
    assert (settings.port, settings.company_name) == (9001, "Tuckleaf")


def test_the_home_comes_from_the_environment_when_none_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRSTLAST_HOME", str(tmp_path))
    assert Settings.load().home == tmp_path


def test_an_unknown_key_in_the_file_is_named_with_the_nearest_valid_one(tmp_path: Path) -> None:
    (tmp_path / "firstlast.toml").write_text("burst_miliseconds = 5\n")
    with pytest.raises(ConfigurationError, match=r"'burst_miliseconds'.*did you mean 'burst_milliseconds'"):
        Settings.load(tmp_path)


def test_an_unknown_key_in_the_environment_is_named_with_the_nearest_valid_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRSTLAST_PROT", "1")
    with pytest.raises(ConfigurationError, match=r"'FIRSTLAST_PROT'.*did you mean 'FIRSTLAST_PORT'"):
        Settings.load(tmp_path)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("risk_budget = 1.5", "'risk_budget'"),
        ("port = 'eighty'", "'port'"),
        ("allowed_origins = ['shop.example']", "'allowed_origins'.*https://shop.example"),
        ("identity_secret = 'short'", "identity_secret has 5 characters"),
        ("home = '/elsewhere'", "'home'"),
        ("port = ", "not valid TOML"),
    ],
)
def test_a_wrong_value_is_refused_by_name(tmp_path: Path, line: str, named: str) -> None:
    (tmp_path / "firstlast.toml").write_text(line + "\n")
    with pytest.raises(ConfigurationError, match=named):
        Settings.load(tmp_path)


def test_the_identity_secret_must_not_be_our_own_key(tmp_path: Path) -> None:
    own = read_or_make_secret(tmp_path / "secret")
    (tmp_path / "firstlast.toml").write_text(f"identity_secret = '{own}'\n")
    with pytest.raises(ConfigurationError, match="equals secret_key"):
        Settings.load(tmp_path)


def test_the_secret_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    first = Settings.load(tmp_path).secret_key.get_secret_value()
    assert len(first) >= 32
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert Settings.load(tmp_path).secret_key.get_secret_value() == first


def test_racing_processes_agree_on_one_secret(tmp_path: Path) -> None:
    found: list[str] = []
    barrier = threading.Barrier(8)

    def load() -> None:
        barrier.wait()
        found.append(read_or_make_secret(tmp_path / "secret"))

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_a_damaged_secret_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("\n")
    with pytest.raises(ConfigurationError, match="holds 0 characters"):
        Settings.load(tmp_path)


def test_origins_may_be_separated_by_commas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTLAST_ALLOWED_ORIGINS", "https://a.example/, https://b.example")
    assert Settings.load(tmp_path).allowed_origins == ("https://a.example", "https://b.example")


def test_secrets_do_not_show_when_settings_are_printed(tmp_path: Path) -> None:
    settings = Settings.load(tmp_path)
    assert settings.secret_key.get_secret_value() not in repr(settings)


def test_every_setting_is_documented() -> None:
    readme = (Path(__file__).parents[2] / "serving" / "README.md").read_text(encoding="utf-8")
    assert [name for name in Settings.model_fields if f"`{name}`" not in readme] == []


def test_the_folder_of_a_home_is_its_owners_alone(tmp_path: Path) -> None:
    home = tmp_path / "deep" / "home"
    Settings.load(home)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    make_home(shared)
    assert stat.S_IMODE(shared.stat().st_mode) == 0o755  # as somebody wanted it
