from pathlib import Path

import pytest

from projects import project_of
from ticketctl.provision.stack.definition.compose_model import compose_model
from ticketctl.provision.stack.spec import StackSpec, fill_in, stack_spec


@pytest.fixture
def spec(tmp_path: Path) -> StackSpec:
    model = compose_model(project_of(tmp_path).settings)
    return stack_spec(model, {"MYSQL_IMAGE": "mine:1"}, project="shop", hashes={"mysql": "abc"})


def test_services_are_read_with_their_variables_filled_in(spec: StackSpec) -> None:
    assert spec.services["mysql"].image == "mine:1"
    assert spec.services["redis"].image == "redis:8"
    assert spec.services["mysql"].config_hash == "abc"
    assert spec.services["booking"].ready_path == "/health/ready"
    assert spec.services["mysql"].ready_path == ""


def test_only_the_setup_is_a_one_shot(spec: StackSpec) -> None:
    assert [name for name, service in spec.services.items() if service.one_shot] == ["elasticsearch-setup"]


def test_dependencies_are_followed_to_their_end(spec: StackSpec) -> None:
    assert spec.dependencies("api-gateway") == {"booking", "mysql", "redis"}
    assert spec.with_dependencies(["indexer"]) == ("mysql", "elasticsearch", "elasticsearch-setup", "indexer")
    assert spec.with_dependencies([]) == tuple(spec.services)


def test_the_start_order_puts_everything_after_what_it_needs(spec: StackSpec) -> None:
    order = spec.start_order()

    assert sorted(order) == sorted(spec.services)
    for name in order:
        assert all(order.index(needed) < order.index(name) for needed in spec.dependencies(name))


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("${A}", "1"),
        ("x${A}y${B:-2}", "x1y2"),
        ("${EMPTY:-3}", "3"),
        ("${GONE}", ""),
        ("$$A", "$A"),
        ("${A:-9}", "1"),
    ],
)
def test_variables_are_filled_in_as_compose_does(text: str, filled: str) -> None:
    assert fill_in(text, {"A": "1", "EMPTY": ""}) == filled
