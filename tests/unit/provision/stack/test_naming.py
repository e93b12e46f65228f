from pathlib import Path

import pytest

from projects import project_of
from ticketctl.provision.stack.naming import port_block, project_name


@pytest.mark.parametrize(
    ("folder", "start"),
    [
        ("shop", "shop-"),
        ("My Shop!", "my-shop-"),
        ("..ünï__", "n-"),
        ("票", "ticketctl-"),
        ("x" * 200, "x" * 40 + "-"),
    ],
)
def test_a_project_is_named_after_its_folder(folder: str, start: str) -> None:
    name = project_name(Path("/home/me") / folder)

    assert name.startswith(start)
    assert len(name) == len(start) + 6


def test_two_checkouts_have_two_names_and_stay_with_them() -> None:
    assert project_name(Path("/a/shop")) != project_name(Path("/b/shop"))
    assert project_name(Path("/a/shop")) == project_name(Path("/a/shop"))


def test_blocks_lie_below_the_ports_of_outgoing_connections(tmp_path: Path) -> None:
    settings = project_of(tmp_path).settings
    blocks = {port_block(Path(f"/srv/{number}"), settings) for number in range(300)}

    assert len(blocks) > 80
    assert all(20_000 <= block <= 31_900 and block % 100 == 0 for block in blocks)


def test_a_block_of_the_settings_comes_first(tmp_path: Path) -> None:
    project = project_of(tmp_path, ports="{block: 25000}")

    assert port_block(project.root, project.settings) == 25_000
