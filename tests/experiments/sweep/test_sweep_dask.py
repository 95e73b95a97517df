"""The same study on a Dask cluster of two workers, one of which is killed on the way."""

import os
import signal

import pytest
import small

from minidst.experiments.sweep import Cluster, Here, Results, sweep

pytest.importorskip("distributed", reason="the extra `distributed` is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]  # Dask's own


@pytest.fixture
def cluster():
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50) as cluster:
        yield cluster


def test_the_table_is_the_local_one_though_a_worker_is_killed(cluster, tmp_path):
    from distributed import Client

    study = small.study(tmp_path, small.TEXT.replace("epochs = 2", "epochs = 10").replace("seeds = 4", "seeds = 2"))
    with Results(tmp_path / "here.sqlite") as here:
        sweep(study, here, Here())
        expected = small.same(here.rows())
    with Client(cluster) as client:
        pids = list(client.run(os.getpid).values())
    killed = []

    def kill(finished):
        if finished >= 3 and not killed:
            os.kill(pids[0], signal.SIGKILL)
            killed.append(finished)

    pool = Cluster(cluster.scheduler_address)
    try:
        with Results(tmp_path / "there.sqlite") as there:
            sweep(study, there, pool, kill)
            assert small.same(there.rows()) == expected
    finally:
        pool.close()
    assert killed


def test_a_scheduler_that_is_not_there_is_one_line(tmp_path, monkeypatch, error_line):
    monkeypatch.setattr("minidst.experiments.sweep.scheduler.PATIENCE", 0.5)
    small.study(tmp_path)
    argv = ("sweep", "small.toml", "--dask", "tcp://127.0.0.1:9")
    error_line(*argv, words=["minidst: no Dask scheduler", "tcp://127.0.0.1:9"])
