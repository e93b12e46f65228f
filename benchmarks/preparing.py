"""How what is measured beside the project is prepared, in a folder of the user's choice.

None of it is a dependency of the project. What cannot be had here is left out, and a line says so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import venv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Peer:
    """Programs or libraries that are installed in one step.

    Attributes:
        title: What they are called, with their versions.
        needs: Programs without which they cannot be prepared.
        program: File in the folder that is there once they are.
        install: Prepares them in the folder.
        ours: Whether it is made of this project's own source, which may have changed since.
    """

    title: str
    needs: tuple[str, ...]
    program: str
    install: Callable[[Path], None]
    ours: bool = False


def prepare(peers: Sequence[Peer], folder: Path) -> None:
    """Install what is not there yet; what cannot be had is named and left out.

    Args:
        peers: What is wanted.
        folder: Where to; made if it is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for peer in peers:
        missing = [program for program in peer.needs if shutil.which(program) is None]
        if (folder / peer.program).exists() and not peer.ours:
            print(f"{peer.title}: there already")
        elif missing:
            print(f"{peer.title}: left out, there is no {' and no '.join(missing)} here")
        else:
            _install(peer, folder)


def environment(name: str, packages: tuple[str, ...]) -> Callable[[Path], None]:
    """Return what makes a virtual environment of that name with those packages."""

    def install(folder: Path) -> None:
        venv.create(folder / name, with_pip=True, clear=True)
        run(str(folder / name / "bin/python"), "-m", "pip", "install", "--quiet", *packages)

    return install


def run(*arguments: str, **environ: str) -> None:
    """Run a program, with those variables beside the environment's."""
    subprocess.run(arguments, check=True, env={**os.environ, **environ})


def _install(peer: Peer, folder: Path) -> None:
    try:
        peer.install(folder)
    except (subprocess.CalledProcessError, OSError, tarfile.TarError) as error:
        # Half an environment would be taken for a whole one.
        (folder / peer.program).unlink(missing_ok=True)
        print(f"{peer.title}: left out, {error}")
    else:
        print(f"{peer.title}: ready")
