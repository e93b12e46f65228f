"""The plan for the accounts of Elasticsearch, as text."""

from __future__ import annotations

from typing import Any

from ticketctl.provision.stack.accounts.elasticsearch_plan import ObservedSecurity, plan_elasticsearch
from ticketctl.provision.stack.accounts.model import ElasticsearchAccount, ElasticsearchRole

ROLE = ElasticsearchRole("ticketctl_search", ("monitor",), ("events", "events_v*"), ("read", "view_index_metadata"))
SEARCH = ElasticsearchAccount("search", "SERVICE_SEARCH_PASSWORD", ROLE)

# As the server answers after `PUT` of the bodies.
LIVE_ROLE: dict[str, Any] = {
    "cluster": ["monitor"],
    "indices": [
        {
            "names": ["events_v*", "events"],
            "privileges": ["view_index_metadata", "read"],
            "allow_restricted_indices": False,
        }
    ],
    "applications": [],
    "run_as": [],
    "metadata": {"ticketctl": "role"},
    "transient_metadata": {"enabled": True},
}
LIVE_USER: dict[str, Any] = {
    "username": "search",
    "roles": ["ticketctl_search"],
    "full_name": "ticketctl: search",
    "email": None,
    "metadata": {"ticketctl": "account"},
    "enabled": True,
}


def plan(role: dict[str, Any] | None, *, accepted: bool = True, **users: dict[str, Any]) -> list[str]:
    observed = ObservedSecurity({ROLE.name: role} if role else {}, users, frozenset({"search"} if accepted else ()))
    return [str(call) for call in plan_elasticsearch([SEARCH], observed)]


def test_an_empty_cluster_gets_everything() -> None:
    assert plan(None) == ["create role ticketctl_search", "create account search"]


def test_a_cluster_that_is_right_gets_nothing() -> None:
    assert plan(LIVE_ROLE, search=LIVE_USER) == []


def test_rights_that_differ_in_anything_are_set_again() -> None:
    more = {**LIVE_ROLE, "indices": [*LIVE_ROLE["indices"], {"names": ["*"], "privileges": ["all"]}]}
    for role in (
        more,
        {**LIVE_ROLE, "cluster": ["all"]},
        {**LIVE_ROLE, "run_as": ["elastic"]},
        {**LIVE_ROLE, "indices": [{**LIVE_ROLE["indices"][0], "allow_restricted_indices": True}]},
        {**LIVE_ROLE, "indices": [{**LIVE_ROLE["indices"][0], "query": '{"match_all": {}}'}]},
        {**LIVE_ROLE, "metadata": {}},
    ):
        assert plan(role, search=LIVE_USER) == ["set rights of role ticketctl_search"]


def test_a_user_that_differs_is_set_again() -> None:
    assert plan(LIVE_ROLE, search={**LIVE_USER, "roles": ["superuser"]}) == ["set roles of account search"]
    assert plan(LIVE_ROLE, search={**LIVE_USER, "enabled": False}, accepted=False) == [
        "enable account search",
        "set password of search",
    ]


def test_a_user_that_nothing_uses_is_disabled_once_and_only_if_it_is_ours() -> None:
    gone = {**LIVE_USER, "username": "gone"}
    assert plan(
        LIVE_ROLE,
        search=LIVE_USER,
        gone=gone,
        off={**gone, "enabled": False},
        foreign={**gone, "metadata": {}},
    ) == ["disable account gone: nothing in ticketctl.yaml uses it any more"]


def test_calls_name_the_password_and_never_hold_it() -> None:
    calls = plan_elasticsearch([SEARCH], ObservedSecurity({ROLE.name: LIVE_ROLE}, {}, frozenset()))
    assert [(call.path, call.password_variable) for call in calls] == [
        ("/_security/user/search", "SERVICE_SEARCH_PASSWORD")
    ]
    assert "password" not in (calls[0].body or {})
