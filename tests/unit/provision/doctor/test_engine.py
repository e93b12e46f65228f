"""The verdict on engine and Compose."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ticketctl.errors import ComposeNotFoundError
from ticketctl.infra.docker import EngineVersion
from ticketctl.provision.doctor.engine import judge_compose, judge_engine
from ticketctl.provision.host.model import Distribution, HostState

ADDRESS = "unix:///var/run/docker.sock"
ANSWERS = HostState("answers", ADDRESS, detail="20.10.24")
VERSION = EngineVersion("20.10.24", "1.41", "linux", "amd64")


@pytest.mark.parametrize("api", ["1.41", "1.51", "2.0"])
def test_an_engine_that_answers_and_is_new_enough_is_fine(api: str) -> None:
    assert judge_engine(ANSWERS, replace(VERSION, api_version=api)).level == "ok"


@pytest.mark.parametrize(
    ("version", "said"),
    [(replace(VERSION, api_version="1.40"), "too old"), (replace(VERSION, os="windows"), "windows containers")],
)
def test_an_engine_that_cannot_run_the_stack_blocks(version: EngineVersion, said: str) -> None:
    finding = judge_engine(ANSWERS, version)

    assert finding.blocks
    assert said in finding.detail


def test_an_engine_that_we_may_set_up_points_at_the_command() -> None:
    debian = Distribution("debian", frozenset({"debian"}), "Debian")
    state = HostState("silent", ADDRESS, detail="No such file", distribution=debian, privilege="root")

    finding = judge_engine(state, None)

    assert finding.blocks
    assert finding.detail == "no Docker Engine is installed on Debian"
    assert "`ticketctl engine ensure`" in finding.fix


def test_an_engine_that_is_not_ours_says_what_to_do() -> None:
    finding = judge_engine(HostState("refused", ADDRESS, detail="Permission denied", user="sam"), None)

    assert finding.blocks
    assert "Permission denied" in finding.detail
    assert "usermod -aG docker sam" in finding.fix


def test_a_missing_compose_blocks_with_what_was_seen() -> None:
    error = ComposeNotFoundError("no Compose was found", why="/usr/bin/docker-compose: 1.29.2", next_step="install one")

    finding = judge_compose(error)

    assert finding.blocks
    assert "1.29.2" in finding.detail
    assert finding.fix == "install one"
