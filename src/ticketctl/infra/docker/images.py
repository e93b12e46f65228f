"""The engine's images."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ticketctl.errors import DiskFullError, EngineError, ImageBuildError, TicketctlError
from ticketctl.infra.docker.convert import image_of
from ticketctl.infra.docker.errors import is_disk_full, none_if_absent, translating
from ticketctl.infra.docker.model import ImageInfo

if TYPE_CHECKING:
    from docker import APIClient

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Images:
    """Images of one engine. Made by `Engine`; raises what its methods raise.

    Args:
        client: The SDK's connection.
        host: Address of the engine, for messages.
    """

    def __init__(self, client: APIClient, host: str) -> None:
        self._client = client
        self._host = host

    def find(self, reference: str) -> ImageInfo | None:
        """Return the image of that reference or id, None when the engine does not have it."""
        return none_if_absent(
            self._host,
            f"inspect image {reference}",
            lambda: image_of(self._client.inspect_image(reference)),  # type: ignore[no-untyped-call]  # the stub's gap
        )

    def with_label(self, label: str) -> tuple[ImageInfo, ...]:
        """Return the images that carry a label (`name` or `name=value`), newest first."""
        with self._doing("list images"):
            return tuple(image_of(entry) for entry in self._client.images(filters={"label": label}))

    def tag(self, image: str, reference: str) -> None:
        """Give an image one more reference (`name:tag`)."""
        repository, _, tag = reference.rpartition(":")
        with self._doing(f"tag image {image}"):
            self._client.tag(image, repository, tag)

    def remove(self, reference: str) -> None:
        """Remove a reference, and the image with the last one; one that is gone already is no error."""
        none_if_absent(self._host, f"remove image {reference}", lambda: self._client.remove_image(reference))

    def build(
        self,
        context: IO[bytes],
        *,
        tag: str,
        arguments: Mapping[str, str] | None = None,
        labels: Mapping[str, str] | None = None,
        target: str = "",
        network: str = "",
    ) -> Iterator[str]:
        """Build an image from a tar archive and yield the build's output, line by line.

        Args:
            context: The build folder as a tar archive, `Dockerfile` at its root.
            tag: Reference of the image.
            arguments: Build arguments. They can be read from the image: no secrets.
            labels: Labels of the image.
            target: Stage to stop at, empty for the last.
            network: Network of the build's containers (`host`), empty for the default.

        Raises:
            ImageBuildError: An instruction failed; the error has the last lines.
            DiskFullError: The engine's disk is full.
        """
        with self._doing(f"build {tag}"):
            stream = self._client.build(
                fileobj=context,
                custom_context=True,
                tag=tag,
                buildargs=dict(arguments or {}),
                labels=dict(labels or {}),
                target=target,
                network_mode=network or None,
                rm=True,
                forcerm=True,
                pull=False,
                decode=True,
            )
        yield from self._lines(stream, f"building {tag}")

    def pull(self, reference: str) -> Iterator[str]:
        """Fetch an image from its registry and yield what the engine reports (`layer: Downloading`).

        Raises:
            ImageBuildError: The registry does not answer, refuses, or does not have it.
            DiskFullError: The engine's disk is full.
        """
        repository, _, tag = reference.partition("@") if "@" in reference else _split_tag(reference)
        try:
            with self._doing(f"pull {reference}"):
                stream = self._client.pull(repository, tag=tag, stream=True, decode=True)
        except EngineError as error:
            raise ImageBuildError(f"{reference} could not be fetched", why=error.why) from error
        yield from self._lines(stream, f"fetching {reference}")

    def is_available(self, reference: str, *, timeout: int) -> bool:
        """Tell whether the engine could fetch an image now.

        Args:
            reference: The image.
            timeout: Seconds after which no answer counts as no.
        """
        usual = self._client.timeout
        self._client.timeout = timeout
        try:
            with self._doing(f"ask the registry for {reference}"):
                self._client.inspect_distribution(reference)  # type: ignore[no-untyped-call]  # the stub's gap
        except TicketctlError:
            return False
        finally:
            self._client.timeout = usual
        return True

    def import_root(self, archive: Path, reference: str) -> None:
        """Make an image of one layer from a root file system's tar archive."""
        repository, _, tag = reference.rpartition(":")
        with self._doing(f"import {reference}"):
            self._client.import_image_from_file(str(archive), repository=repository, tag=tag)

    def _doing(self, doing: str) -> AbstractContextManager[None]:
        return translating(self._host, doing)

    def _lines(self, stream: Iterator[Mapping[str, Any]], doing: str) -> Iterator[str]:
        last: list[str] = []
        while True:
            with self._doing(f"go on {doing}"):
                entry = next(stream, None)
            if entry is None:
                return
            if "error" in entry:
                raise _build_error(doing, str(entry["error"]), last)
            for line in _entry_lines(entry):
                last = [*last[-19:], line]
                yield line


def _build_error(doing: str, message: str, last: list[str]) -> ImageBuildError | DiskFullError:
    tail = "\n".join([*last, message])
    if is_disk_full(tail):
        return DiskFullError(
            f"the engine's disk ran full while {doing}",
            why=message,
            next_step="free room (`docker system df` shows what takes it), then run the same command again",
        )
    return ImageBuildError(f"{doing} failed", why=tail, next_step="correct the cause in the last lines and run again")


def _entry_lines(entry: Mapping[str, Any]) -> Iterator[str]:
    if "stream" in entry:
        # The builder colours what an instruction prints to its standard error.
        lines = _COLOUR.sub("", str(entry["stream"])).splitlines()
        yield from (line for line in lines if line.strip())
    elif "status" in entry:
        identity = f"{entry['id']}: " if entry.get("id") else ""
        yield f"{identity}{entry['status']}"


def _split_tag(reference: str) -> tuple[str, str, str]:
    head, colon, tag = reference.rpartition(":")
    # A colon left of a slash belongs to the registry's port.
    return (head, colon, tag) if colon and "/" not in tag else (reference, ":", "latest")
