"""Judge a checkout: its settings, generated files, `compose/.env`, ports, and who is at work on it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ticketctl.errors import TicketctlError
from ticketctl.provision.doctor.model import Finding, blocked, ok, warn
from ticketctl.provision.stack.accounts.desired import MYSQL_ROOT_VARIABLE
from ticketctl.provision.stack.definition.files import GeneratedFile
from ticketctl.provision.stack.env_file import EnvFile, env_version
from ticketctl.provision.stack.ports.plan import PortChoice
from ticketctl.provision.stack.variables import ENV_VERSION, EXAMPLE_PREFIX, HASH_KEY_VARIABLE, secret_variables
from ticketctl.settings.model import Settings


def judge_files(files: Sequence[GeneratedFile]) -> Finding:
    """Judge the generated files."""
    name = "generated files"
    edited = [file.path.name for file in files if file.edited and file.outcome == "changed"]
    if edited:
        return blocked(
            name,
            f"edited by hand: {', '.join(edited)}",
            "move the change into ticketctl.yaml (`ticketctl compose render --check` shows it), "
            "or overwrite it with `ticketctl compose render --force`",
        )
    stale = [file.path.name for file in files if file.outcome == "changed"]
    if stale:
        return ok(name, f"`ticketctl up` renews {', '.join(stale)}")
    return ok(name, "as ticketctl.yaml wants them")


def judge_env(env: EnvFile | None, settings: Settings, *, has_data: bool) -> Finding:
    """Judge `compose/.env`.

    Args:
        env: The file, None when there is none.
        settings: The complete settings.
        has_data: Whether the stack's servers have data, made with the passwords of this file.
    """
    name = "compose/.env"
    secrets = (*secret_variables(settings), HASH_KEY_VARIABLE)
    missing = [variable for variable in secrets if env is None or not env.values.get(variable)]
    # All others are set anew by the administrator of their server; this one is the administrator's.
    if has_data and MYSQL_ROOT_VARIABLE in missing:
        return blocked(
            name,
            f"{'is not there' if env is None else f'lacks {MYSQL_ROOT_VARIABLE}'}, and there is data made with it",
            "put the old file back, or give the data up with `ticketctl reset`",
        )
    if env is None:
        return ok(name, "not there yet: `ticketctl up` writes it")
    notes = tuple(_env_notes(env, missing, secrets))
    if notes:
        return warn(name, "; ".join(notes), "`ticketctl up` mends this")
    return ok(name, f"whole, version {env_version(env)}, readable by its owner alone")


def _env_notes(env: EnvFile, missing: Sequence[str], secrets: Sequence[str]) -> list[str]:
    notes = []
    if env_version(env) < ENV_VERSION:
        notes.append(f"has the layout of version {env_version(env)}, {ENV_VERSION} is current")
    if missing:
        notes.append(f"lacks {', '.join(missing)}")
    if any(env.values.get(variable, "").startswith(EXAMPLE_PREFIX) for variable in secrets):
        notes.append("holds passwords of the example, which everybody knows")
    if env.too_open:
        notes.append("others than its owner may read it")
    return notes


def judge_ports(choices: Sequence[PortChoice]) -> Finding:
    """Judge the ports that the services would get."""
    moved = [choice for choice in choices if choice.replaced is not None]
    if moved:
        told = "; ".join(f"{choice.service}: {choice.reason}, it gets {choice.port}" for choice in moved)
        return warn("ports", told, "`ticketctl up` takes the free ones and remembers them; or end the holder first")
    ports = [choice.port for choice in choices]
    return ok("ports", f"{len(ports)} ports between {min(ports)} and {max(ports)} are free, or this stack's own")


def judge_lock(holder: int | None) -> Finding:
    """Judge whether another command is changing the stack.

    Args:
        holder: Its process id, None when nobody is.
    """
    if holder is None:
        return ok("lock", "no other command is changing this stack")
    return blocked(
        "lock",
        f"process {holder} is changing this stack",
        f"wait until it ends, or end it with `kill -INT {holder}`",
    )


def judge_error(name: str, error: TicketctlError) -> Finding:
    """Return the finding of a check that ended with an error which `up` would meet as well."""
    return blocked(name, f"{error.what}: {error.why}" if error.why else error.what, error.next_step)
