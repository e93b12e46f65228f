"""Install packages of the distribution that ticketctl needs on this machine."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence

from ticketctl.errors import HostSetupError
from ticketctl.events import Emit
from ticketctl.provision.host.apt import Apt
from ticketctl.provision.host.privilege import Privilege, observe_privilege, root_prefix

SYSTEM_FOLDERS = "/usr/local/sbin:/usr/sbin:/sbin"
"""Not on every user's PATH, and where daemons and their tools are."""


def install_packages(
    names: Sequence[str],
    *,
    environ: Mapping[str, str],
    emit: Emit,
    step: str = "packages",
    privilege: Privilege | None = None,
) -> tuple[str, ...]:
    """Install those of the packages that are missing.

    Args:
        names: Package names on Debian and Ubuntu.
        environ: The environment.
        emit: Where progress goes.
        step: The step that the progress belongs to.
        privilege: How this user acts as root; observed when it is not given.

    Returns:
        What was installed, empty when nothing was missing.

    Raises:
        HostSetupError: There is no apt here, this user may not use it, or it failed.
        DiskFullError: There is no room for them.
    """
    missing = missing_packages(names, environ)
    if not missing:
        return ()
    privilege = privilege or observe_privilege(environ, can_ask=False)
    if shutil.which("apt-get", path=environ.get("PATH")) is None or privilege == "none":
        raise not_installable(missing, environ)
    apt = Apt(root_prefix(privilege), environ=with_system_folders(environ), emit=emit, step=step)
    apt.update()
    apt.install(missing)
    return missing


def missing_packages(names: Sequence[str], environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return those of the packages that are not installed; all of them where there is no dpkg."""
    return tuple(name for name in names if package_status(name, environ) != "installed")


def not_installable(names: Sequence[str], environ: Mapping[str, str]) -> HostSetupError:
    """Return the error for packages that somebody else has to install."""
    if shutil.which("apt-get", path=environ.get("PATH")) is None:
        return HostSetupError(
            f"{', '.join(names)} must be installed",
            why="ticketctl installs packages by itself only where there is apt-get (Debian, Ubuntu)",
            next_step="install them with this system's own tools, then run the same command again",
        )
    return HostSetupError(
        f"{', '.join(names)} must be installed",
        why="this user is neither root nor may use sudo without a password",
        next_step=f"`sudo apt-get install {' '.join(names)}`, then run the same command again",
    )


def with_system_folders(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with the system's own program folders at the end of PATH."""
    return {**environ, "PATH": f"{environ.get('PATH', '/usr/local/bin:/usr/bin:/bin')}:{SYSTEM_FOLDERS}"}


def package_status(name: str, environ: Mapping[str, str]) -> str:
    """Return dpkg's word for a package (`installed`, `unpacked`, ...), empty where it knows none."""
    try:
        done = subprocess.run(
            ["dpkg-query", "--show", "--showformat=${db:Status-Status}", name],
            env=dict(environ),
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return ""
    return done.stdout
