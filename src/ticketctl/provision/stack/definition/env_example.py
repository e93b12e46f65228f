"""`compose/.env.example`: what the Compose file needs when it is used alone."""

from __future__ import annotations

from ticketctl.provision.stack.definition.generated import with_header
from ticketctl.provision.stack.variables import (
    DEFAULT_IMAGES,
    DEFAULT_PROJECT,
    ENV_VERSION,
    PROJECT_VARIABLE,
    VERSION_VARIABLE,
    default_ports,
    example_value,
    image_default,
    image_variable,
    port_variable,
    secret_variables,
)
from ticketctl.settings.model import Settings


def render_env_example(settings: Settings) -> str:
    """Return the text of `compose/.env.example`.

    Args:
        settings: The complete settings.
    """
    ports = [f"# {port_variable(name)}={port}" for name, port in default_ports(settings).items()]
    images = [f"# {image_variable(name)}={image_default(settings, name)}" for name in DEFAULT_IMAGES]
    passwords = [f"{variable}={example_value(variable)}" for variable in secret_variables(settings)]
    lines = [
        "# To use the Compose file alone: cp .env.example .env && docker compose up",
        "# `ticketctl up` needs no copy. It keeps what it finds in .env, and replaces the passwords below.",
        "",
        f"{VERSION_VARIABLE}={ENV_VERSION}",
        "",
        "# Names containers, networks and volumes. Two checkouts on one machine need two names.",
        f"{PROJECT_VARIABLE}={settings.project or DEFAULT_PROJECT}",
        "",
        "# Ports on 127.0.0.1; these are the defaults.",
        *ports,
        "",
        "# Images; these are the defaults. The last one is built from the folder images/service.",
        *images,
        "",
        "# Passwords known to everybody: for a machine of your own, and for nothing else.",
        *passwords,
    ]
    return with_header("\n".join(lines) + "\n")
