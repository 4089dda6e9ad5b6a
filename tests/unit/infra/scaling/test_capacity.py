"""The capacity model's arithmetic, done by hand, and its command."""

import pytest

from infra.scaling.__main__ import main, written
from infra.scaling.breaking import worn
from infra.scaling.capacity import Asked, needed
from infra.scaling.measured import Measured, figures
from tests.benchmarks.__main__ import BENCHMARKS
from tests.conftest import REPO

COSTS = Measured(
    call_us=200.0,
    forwarded_us=300.0,
    answered_us=250.0,
    raw_bytes=1000.0,
    parquet_bytes=100.0,
    model_mb=2.0,
    gateway_mb=300.0,
)


def test_cores_are_calls_at_the_peak_times_the_cost_of_one_over_the_load() -> None:
    need = needed(Asked(86_400_000.0, 10, peak=2.0, load=0.5), COSTS)
    assert need.peak_per_s == 2000.0
    assert need.gateway_cores == pytest.approx(2000 * 200e-6 / 0.5)
    assert (need.gateways, need.model_server_cores) == (2, 0.0)


def test_forwarding_costs_both_sides() -> None:
    need = needed(Asked(864_000_000.0, 10, peak=1.0, load=0.5, forwards=True), COSTS)
    assert need.gateway_cores == pytest.approx(6.0)
    assert need.model_server_cores == pytest.approx(5.0)


def test_the_log_grows_by_its_bytes_a_prediction() -> None:
    need = needed(Asked(1e6, 10, log_days=30.0), COSTS)
    assert (need.log_raw_gb_day, need.log_gb_day, need.log_gb_kept) == pytest.approx((1.0, 0.1, 3.0))


def test_memory_grows_with_the_models_that_are_loaded() -> None:
    every, half = (needed(Asked(1e6, 1000, loaded_share=share), COSTS) for share in (1.0, 0.5))
    assert (every.memory_gb_gateway, half.memory_gb_gateway) == pytest.approx((2.3, 1.3))


def test_polls_grow_with_gateways_times_models() -> None:
    few, many = (needed(Asked(calls, 1000), COSTS) for calls in (1e6, 1e10))
    assert many.registry_cores / few.registry_cores == pytest.approx(many.gateways / few.gateways)


def test_nothing_breaks_at_a_million_calls_of_a_hundred_models() -> None:
    asked = Asked(1e6, 100)
    assert max(over for _, _, over in worn(asked, needed(asked, Measured()))) < 1


def test_the_worst_part_comes_first() -> None:
    asked = Asked(1e10, 10_000)
    shares = [over for _, _, over in worn(asked, needed(asked, Measured()))]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 1


def test_every_input_names_a_benchmark() -> None:
    assert {benchmark for *_, benchmark in figures(Measured())} <= BENCHMARKS.keys()


def test_the_command_prints_one_load(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--calls", "1e8", "--models", "10000", "call_us=1000"]) == 0
    text = capsys.readouterr().out
    assert "100,000,000" in text
    assert "call_us                  1,000  us CPU a call in the gateway (unit-costs)" in text
    assert "polling MLflow for every model" in text


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--calls", "0"], "calls and models must be above 0"),
        (["--load", "1.5"], "the load between 0 and 1"),
        (["cal_us=3"], "no input is called 'cal_us'; there are call_us, forwarded_us"),
        (["call_us=fast"], "could not convert string to float: 'fast'"),
    ],
)
def test_a_load_that_means_nothing_is_refused(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert sentence in capsys.readouterr().err


def test_the_plan_holds_the_table_that_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    # After a change of the inputs: python -m infra.scaling --into infra/SCALING.md
    main([])
    document = (REPO / "infra" / "SCALING.md").read_text(encoding="utf-8")
    assert written(document, capsys.readouterr().out.rstrip("\n")) == document
