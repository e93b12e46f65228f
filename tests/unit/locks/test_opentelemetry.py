"""What an OpenTelemetry reader collects of locks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader, Metric, NumberDataPoint

from ticketctl.locks.observer import LockObserver
from ticketctl.locks.opentelemetry import OpenTelemetryObserver


@pytest.fixture
def reader() -> InMemoryMetricReader:
    return InMemoryMetricReader()


@pytest.fixture
def provider(reader: InMemoryMetricReader) -> Iterator[MeterProvider]:
    provider = MeterProvider([reader], shutdown_on_exit=False)
    yield provider
    provider.shutdown()


@pytest.fixture
def observer(provider: MeterProvider) -> LockObserver:
    return OpenTelemetryObserver(provider.get_meter("test"))


def collected(reader: InMemoryMetricReader) -> dict[str, Metric]:
    data = reader.get_metrics_data()
    assert data is not None
    return {
        metric.name: metric
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }


def counts(metric: Metric) -> dict[tuple[tuple[str, object], ...], float]:
    """The attributes of each point to its count: additions of a counter, values of a histogram."""
    found: dict[tuple[tuple[str, object], ...], float] = {}
    for point in metric.data.data_points:
        assert isinstance(point, NumberDataPoint | HistogramDataPoint)
        attributes = tuple(sorted((point.attributes or {}).items()))
        found[attributes] = point.value if isinstance(point, NumberDataPoint) else point.count
    return found


def histogram_point(metric: Metric) -> HistogramDataPoint:
    [point] = metric.data.data_points
    assert isinstance(point, HistogramDataPoint)
    return point


def test_attempts_are_counted_by_result_and_timed(observer: LockObserver, reader: InMemoryMetricReader) -> None:
    observer.attempted("seat:*", acquired=True, contended=False, waited=0.0004)
    observer.attempted("seat:*", acquired=True, contended=True, waited=0.03)
    observer.attempted("seat:*", acquired=False, contended=True, waited=10.0)

    metrics = collected(reader)
    by_result = {
        (("result", "acquired"), ("template", "seat:*")): 2,
        (("result", "not_acquired"), ("template", "seat:*")): 1,
    }
    assert counts(metrics["ticketctl.lock.attempts"]) == by_result
    assert counts(metrics["ticketctl.lock.wait.duration"]) == by_result
    assert counts(metrics["ticketctl.lock.contended"]) == {(("template", "seat:*"),): 2}


def test_a_hold_ends_with_its_release_or_its_loss(observer: LockObserver, reader: InMemoryMetricReader) -> None:
    observer.released("seat:*", held=0.2)
    observer.lost("seat:*", reason="expired", held=10.0)
    observer.lost("seat:*", reason="taken", held=5.0)

    metrics = collected(reader)
    hold = histogram_point(metrics["ticketctl.lock.hold.duration"])
    assert hold.count == 3
    assert hold.sum == pytest.approx(15.2)
    assert counts(metrics["ticketctl.lock.lost"]) == {
        (("reason", "expired"), ("template", "seat:*")): 1,
        (("reason", "taken"), ("template", "seat:*")): 1,
    }


def test_durations_are_seconds_in_buckets_that_fit_locks(observer: LockObserver, reader: InMemoryMetricReader) -> None:
    observer.attempted("seat:*", acquired=True, contended=False, waited=0.0004)
    observer.renewed("seat:*", lag=0.002)
    observer.released("seat:*", held=1.0)

    metrics = collected(reader)
    histograms = [metrics[f"ticketctl.lock.{name}"] for name in ("wait.duration", "renew.lag", "hold.duration")]
    assert [metric.unit for metric in histograms] == ["s", "s", "s"]
    assert [histogram_point(metric).explicit_bounds[0] for metric in histograms] == [0.0005, 0.001, 0.001]
    assert histogram_point(metrics["ticketctl.lock.wait.duration"]).bucket_counts[0] == 1
    assert histogram_point(metrics["ticketctl.lock.renew.lag"]).bucket_counts[1] == 1


def test_templates_above_the_limit_are_other(provider: MeterProvider, reader: InMemoryMetricReader) -> None:
    observer = OpenTelemetryObserver(provider.get_meter("test"), most_templates=2)

    for template in ("a", "b", "c", "d"):
        observer.released(template, held=1.0)

    assert counts(collected(reader)["ticketctl.lock.hold.duration"]) == {
        (("template", "a"),): 1,
        (("template", "b"),): 1,
        (("template", "other"),): 2,
    }


def test_without_a_meter_it_is_one_of_the_global_provider() -> None:
    code = (
        "from opentelemetry import metrics\n"
        "from opentelemetry.sdk.metrics import MeterProvider\n"
        "from opentelemetry.sdk.metrics.export import InMemoryMetricReader\n"
        "from ticketctl.locks.opentelemetry import OpenTelemetryObserver\n"
        "reader = InMemoryMetricReader()\n"
        "metrics.set_meter_provider(MeterProvider([reader]))\n"
        "OpenTelemetryObserver().released('seat:*', held=1.0)\n"
        "[scope] = reader.get_metrics_data().resource_metrics[0].scope_metrics\n"
        "print(scope.scope.name, scope.metrics[0].name)\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "ticketctl.locks ticketctl.lock.hold.duration\n"
