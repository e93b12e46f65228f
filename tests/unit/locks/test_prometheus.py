"""What Prometheus would scrape of locks."""

from __future__ import annotations

import subprocess
import sys

import pytest
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from ticketctl.locks.observer import LockObserver, SafeObserver
from ticketctl.locks.prometheus import PrometheusObserver


def scraped(registry: CollectorRegistry) -> dict[str, float]:
    """The samples of a scrape, `name{label="value"}` to its number, without when they were created."""
    families = text_string_to_metric_families(generate_latest(registry).decode())
    return {
        sample.name
        + "{"
        + ",".join(f"{key}={value}" for key, value in sorted(sample.labels.items()))
        + "}": sample.value
        for family in families
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def test_attempts_are_counted_by_result_and_timed(registry: CollectorRegistry) -> None:
    observer: LockObserver = PrometheusObserver(registry)

    observer.attempted("seat:*", acquired=True, contended=False, waited=0.0004)
    observer.attempted("seat:*", acquired=True, contended=True, waited=0.03)
    observer.attempted("seat:*", acquired=False, contended=True, waited=10.0)

    samples = scraped(registry)
    assert samples["ticketctl_lock_attempts_total{result=acquired,template=seat:*}"] == 2
    assert samples["ticketctl_lock_attempts_total{result=not_acquired,template=seat:*}"] == 1
    assert samples["ticketctl_lock_contended_total{template=seat:*}"] == 2
    assert samples["ticketctl_lock_wait_seconds_count{result=acquired,template=seat:*}"] == 2
    assert samples["ticketctl_lock_wait_seconds_sum{result=acquired,template=seat:*}"] == pytest.approx(0.0304)
    assert samples["ticketctl_lock_wait_seconds_bucket{le=0.0005,result=acquired,template=seat:*}"] == 1
    assert samples["ticketctl_lock_wait_seconds_bucket{le=0.05,result=acquired,template=seat:*}"] == 2
    assert samples["ticketctl_lock_wait_seconds_sum{result=not_acquired,template=seat:*}"] == 10


def test_a_hold_ends_with_its_release_or_its_loss(registry: CollectorRegistry) -> None:
    observer = PrometheusObserver(registry)

    observer.released("seat:*", held=0.2)
    observer.lost("seat:*", reason="expired", held=10.0)
    observer.lost("seat:*", reason="taken", held=5.0)

    samples = scraped(registry)
    assert samples["ticketctl_lock_hold_seconds_count{template=seat:*}"] == 3
    assert samples["ticketctl_lock_hold_seconds_sum{template=seat:*}"] == pytest.approx(15.2)
    assert samples["ticketctl_lock_lost_total{reason=expired,template=seat:*}"] == 1
    assert samples["ticketctl_lock_lost_total{reason=taken,template=seat:*}"] == 1


def test_the_lag_of_renewals_is_timed(registry: CollectorRegistry) -> None:
    PrometheusObserver(registry).renewed("leader", lag=0.002)

    samples = scraped(registry)
    assert samples["ticketctl_lock_renew_lag_seconds_bucket{le=0.001,template=leader}"] == 0
    assert samples["ticketctl_lock_renew_lag_seconds_bucket{le=0.0025,template=leader}"] == 1


def test_templates_above_the_limit_are_other(registry: CollectorRegistry) -> None:
    observer = PrometheusObserver(registry, most_templates=2)

    for template in ("a", "b", "c", "d"):
        observer.released(template, held=1.0)

    counts = {name: value for name, value in scraped(registry).items() if "_count" in name}
    assert counts == {
        "ticketctl_lock_hold_seconds_count{template=a}": 1,
        "ticketctl_lock_hold_seconds_count{template=b}": 1,
        "ticketctl_lock_hold_seconds_count{template=other}": 2,
    }


def test_the_namespace_begins_every_name(registry: CollectorRegistry) -> None:
    PrometheusObserver(registry, "payments_lock")

    assert {metric.name for metric in registry.collect()} == {
        "payments_lock_attempts",
        "payments_lock_contended",
        "payments_lock_lost",
        "payments_lock_wait_seconds",
        "payments_lock_hold_seconds",
        "payments_lock_renew_lag_seconds",
    }


def test_a_registry_takes_one_observer_of_a_namespace(registry: CollectorRegistry) -> None:
    PrometheusObserver(registry)

    with pytest.raises(ValueError, match="ticketctl_lock"):
        PrometheusObserver(registry)


def test_without_a_registry_it_is_that_of_the_process() -> None:
    code = (
        "from prometheus_client import REGISTRY\n"
        "from ticketctl.locks.prometheus import PrometheusObserver\n"
        "PrometheusObserver().released('seat:*', held=1.0)\n"
        "print(REGISTRY.get_sample_value('ticketctl_lock_hold_seconds_count', {'template': 'seat:*'}))\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "1.0\n"
    assert not any(metric.name.startswith("ticketctl_lock") for metric in REGISTRY.collect())


def test_it_can_be_wrapped_to_be_harmless(registry: CollectorRegistry) -> None:
    SafeObserver(PrometheusObserver(registry)).released("seat:*", held=1.0)

    assert scraped(registry)["ticketctl_lock_hold_seconds_count{template=seat:*}"] == 1
