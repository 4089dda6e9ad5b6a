"""Which cores and GPUs a job gets."""

from penstock.jobs.machine import Machine, Place, look, placed

MACHINE = Machine(cores=(0, 1, 2, 3), gpus=("0", "1"), memory_bytes=1)


def test_the_calmest_cores_are_given() -> None:
    assert placed(MACHINE, [Place(cores=(0, 2))], cores=2, gpus=0).cores == (1, 3)


def test_cores_are_shared_where_there_are_too_few() -> None:
    taken = [Place(cores=(0, 1)), Place(cores=(2, 3)), Place(cores=(0,))]
    assert placed(MACHINE, taken, cores=2, gpus=0).cores == (1, 2)


def test_a_gpu_is_given_once() -> None:
    assert placed(MACHINE, [Place(gpus=("0",))], cores=1, gpus=1).gpus == ("1",)


def test_no_gpus_are_given_where_none_are_asked_for() -> None:
    assert placed(MACHINE, [], cores=1, gpus=0).gpus == ()


def test_only_the_gpus_that_the_service_may_see_are_given() -> None:
    assert look({"CUDA_VISIBLE_DEVICES": "2, 3"}).gpus == ("2", "3")
    assert look({"CUDA_VISIBLE_DEVICES": "-1"}).gpus == ()
