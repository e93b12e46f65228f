"""Adapter of the Docker Engine."""

from ticketctl.infra.docker.connect import connect_engine
from ticketctl.infra.docker.engine import Engine
from ticketctl.infra.docker.errors import is_disk_full
from ticketctl.infra.docker.events import EventStream
from ticketctl.infra.docker.images import Images
from ticketctl.infra.docker.model import (
    ContainerState,
    EngineEvent,
    EngineInfo,
    EngineVersion,
    ImageInfo,
    NetworkInfo,
    PortHolder,
    ProbeResult,
    PublishedPort,
    VolumeInfo,
)

__all__ = [
    "ContainerState",
    "Engine",
    "EngineEvent",
    "EngineInfo",
    "EngineVersion",
    "EventStream",
    "ImageInfo",
    "Images",
    "NetworkInfo",
    "PortHolder",
    "ProbeResult",
    "PublishedPort",
    "VolumeInfo",
    "connect_engine",
    "is_disk_full",
]
