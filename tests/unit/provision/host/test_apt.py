"""What apt-get prints, and what it means for us."""

from __future__ import annotations

import pytest

from ticketctl.provision.host.apt import AptFailure, judge_failure, progress_of

LOCKED = """\
E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 812 (unattended-upgr)
E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?
"""
LOCKED_ANONYMOUSLY = """\
E: Could not get lock /var/lib/apt/lists/lock - open (11: Resource temporarily unavailable)
E: Unable to lock directory /var/lib/apt/lists/
"""
INTERRUPTED = "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem. \n"
FULL = """\
Unpacking docker.io (20.10.24) ...
dpkg: error processing archive docker.io.deb (--unpack):
 cannot copy extracted data for './usr/sbin/dockerd': failed to write (No space left on device)
E: Sub-process /usr/bin/dpkg returned an error code (1)
"""
UNKNOWN = "Reading package lists...\nE: Unable to locate package docker.io\n"


@pytest.mark.parametrize(
    ("output", "failure"),
    [
        (LOCKED, AptFailure("locked", "process 812 (unattended-upgr)")),
        (LOCKED_ANONYMOUSLY, AptFailure("locked", "another process")),
        (INTERRUPTED, AptFailure("interrupted", INTERRUPTED.strip("\n"))),
        (UNKNOWN, AptFailure("other", "E: Unable to locate package docker.io")),
        ("killed\n", AptFailure("other", "killed")),
    ],
    ids=["locked", "locked by nobody knows whom", "interrupted", "unknown package", "no message"],
)
def test_a_failure_is_judged_by_its_messages(output: str, failure: AptFailure) -> None:
    assert judge_failure(output) == failure


def test_a_full_disk_is_seen_behind_dpkgs_own_words() -> None:
    failure = judge_failure(FULL)

    assert failure.kind == "disk full"
    assert "error processing archive docker.io.deb" in failure.detail


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Get:3 http://mirror.example/debian bookworm/main amd64 docker.io amd64 20.10 [36 MB]", "fetching docker.io"),
        ("Unpacking iptables (1.8.9-2) ...", "unpacking iptables"),
        ("Setting up docker.io (20.10.24) ...", "setting up docker.io"),
        ("Reading package lists...", ""),
        ("Get:1 http://mirror.example bookworm InRelease [151 kB]", ""),
        ("", ""),
    ],
)
def test_progress_names_the_package(line: str, said: str) -> None:
    assert progress_of(line) == said
