"""What is said of proxies and clusters, from what they show."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ticketctl.provision.migrate.execution.topology import cluster_hazards, proxy_hazards


def test_the_same_number_is_no_proxy() -> None:
    assert proxy_hazards(7, 7, 7) == ()


def test_the_greeting_has_room_for_32_bits() -> None:
    number = (3 << 32) + 7
    assert proxy_hazards(7, number, number) == ()
    assert proxy_hazards(8, number, number) != ()


def test_another_number_is_a_proxy() -> None:
    (sentence,) = proxy_hazards(900, 7, 7)
    assert "greets as connection 900, the server calls it 7" in sentence


def test_a_number_that_changes_is_worse() -> None:
    (sentence,) = proxy_hazards(7, 7, 8)
    assert "changes its connection between two statements (7, 8): the migration lock does not hold" in sentence


@pytest.mark.parametrize(
    ("variables", "beginning"),
    [
        # https://docs.percona.com/percona-xtradb-cluster/8.4/wsrep-system-index.html#wsrep_on
        # https://docs.percona.com/percona-xtradb-cluster/8.4/wsrep-status-index.html#wsrep_cluster_size
        (
            {"wsrep_on": "ON", "wsrep_cluster_address": "gcomm://10.0.0.1,10.0.0.2", "wsrep_cluster_size": "3"},
            "this is a Galera cluster of 3 nodes: the migration lock is valid on this node alone",
        ),
        # One node is left, or the first has just been started: the others may come at any time.
        (
            {"wsrep_on": "1", "wsrep_cluster_address": "gcomm://", "wsrep_cluster_size": "1"},
            "this is a Galera cluster: ",
        ),
        # https://dev.mysql.com/doc/refman/8.4/en/group-replication-options.html
        (
            {"group_replication_group_name": "aaaa-bbbb", "group_replication_single_primary_mode": "OFF"},
            "this server replicates in a group with several primaries: ",
        ),
    ],
)
def test_clusters_where_several_accept_writes(variables: Mapping[str, str], beginning: str) -> None:
    (sentence,) = cluster_hazards(variables)
    assert sentence.startswith(beginning)
    assert sentence.endswith("or make sure that nobody else migrates meanwhile")


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"wsrep_on": "OFF", "wsrep_cluster_address": "", "wsrep_cluster_size": "0"},
        {"wsrep_on": "ON", "wsrep_cluster_address": "", "wsrep_cluster_size": "0"},  # built in, not set up
        {"group_replication_group_name": "aaaa-bbbb", "group_replication_single_primary_mode": "ON"},
        {"group_replication_group_name": "", "group_replication_single_primary_mode": "OFF"},
    ],
)
def test_servers_that_are_alone(variables: Mapping[str, str]) -> None:
    assert cluster_hazards(variables) == ()
