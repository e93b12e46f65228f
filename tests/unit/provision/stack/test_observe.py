from pathlib import Path

from projects import project_of
from ticketctl.provision.stack.naming import project_name
from ticketctl.provision.stack.observe import compose_environ, compose_project, spec_of


def test_what_stands_in_env_wins_over_the_shell() -> None:
    shell = {"PATH": "/bin", "REDIS_PORT": "1", "COMPOSE_FILE": "other.yml", "DOCKER_HOST": "unix:///s"}

    assert compose_environ(shell, {"REDIS_PORT": "20010"}) == {"PATH": "/bin", "DOCKER_HOST": "unix:///s"}


def test_the_project_is_set_or_remembered_or_derived(tmp_path: Path) -> None:
    plain, named = project_of(tmp_path), project_of(tmp_path / "other", project="shop")

    assert compose_project(plain, {}) == project_name(tmp_path)
    assert compose_project(plain, {"COMPOSE_PROJECT_NAME": "kept"}) == "kept"
    assert compose_project(named, {"COMPOSE_PROJECT_NAME": "kept"}) == "shop"


def test_every_service_has_a_hash_that_follows_its_definition(tmp_path: Path) -> None:
    before = spec_of(project_of(tmp_path), {})
    after = spec_of(project_of(tmp_path), {"REDIS_PORT": "20010"})

    assert all(service.config_hash for service in before.services.values())
    assert {
        name for name, service in after.services.items() if service.config_hash != before.services[name].config_hash
    } == {"redis"}
