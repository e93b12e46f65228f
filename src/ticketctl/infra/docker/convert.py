"""From the engine's JSON documents to our values: pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from ticketctl.infra.docker.model import (
    ONE_OFF_LABEL,
    PROJECT_LABEL,
    SERVICE_LABEL,
    ContainerState,
    EngineEvent,
    EngineInfo,
    EngineVersion,
    Health,
    ImageInfo,
    NetworkInfo,
    NetworkPlace,
    PortHolder,
    ProbeResult,
    PublishedPort,
    RunState,
    VolumeInfo,
)

Document = Mapping[str, Any]


def version_of(document: Document) -> EngineVersion:
    """Read the answer of `/version`."""
    return EngineVersion(
        str(document.get("Version", "")),
        str(document.get("ApiVersion", "")),
        str(document.get("Os", "")),
        str(document.get("Arch", "")),
    )


def info_of(document: Document) -> EngineInfo:
    """Read the answer of `/info`."""
    options = document.get("SecurityOptions") or ()
    return EngineInfo(
        name=str(document.get("Name", "")),
        root_dir=str(document.get("DockerRootDir", "")),
        memory_bytes=int(document.get("MemTotal") or 0),
        cpus=int(document.get("NCPU") or 0),
        cgroup_version=str(document.get("CgroupVersion") or "1"),
        storage_driver=str(document.get("Driver", "")),
        rootless=any("rootless" in str(option) for option in options),
        swap_limit=bool(document.get("SwapLimit")),
        time=str(document.get("SystemTime") or ""),
    )


def container_of(document: Document) -> ContainerState:
    """Read the answer of `/containers/{id}/json`."""
    state, config, host = document["State"], document["Config"], document["HostConfig"]
    labels = config.get("Labels") or {}
    health = state.get("Health") or {}
    return ContainerState(
        id=document["Id"],
        name=document["Name"].lstrip("/"),
        project=labels.get(PROJECT_LABEL, ""),
        service=labels.get(SERVICE_LABEL, ""),
        state=cast(RunState, state["Status"]),
        health=_health_of(health.get("Status")),
        probe=_last_probe(health.get("Log")),
        exit_code=int(state.get("ExitCode") or 0),
        error=str(state.get("Error") or ""),
        oom_killed=bool(state.get("OOMKilled")),
        restart_count=int(document.get("RestartCount") or 0),
        started_at=str(state.get("StartedAt") or ""),
        finished_at=str(state.get("FinishedAt") or ""),
        image=str(config.get("Image") or ""),
        image_id=str(document.get("Image") or ""),
        labels=dict(labels),
        ports=_bound_ports((document.get("NetworkSettings") or {}).get("Ports") or host.get("PortBindings")),
        memory_limit=int(host.get("Memory") or 0),
        restart_policy=str((host.get("RestartPolicy") or {}).get("Name") or "no"),
        one_off=labels.get(ONE_OFF_LABEL, "") == "True",
    )


def port_holders_of(document: Document) -> tuple[PortHolder, ...]:
    """Read the published ports of one entry of `/containers/json`."""
    labels = document.get("Labels") or {}
    name = next(iter(document.get("Names") or ()), "").lstrip("/")
    return tuple(
        PortHolder(
            PublishedPort(
                str(port.get("IP", "")), int(port["PublicPort"]), int(port["PrivatePort"]), str(port.get("Type", "tcp"))
            ),
            container=name,
            project=labels.get(PROJECT_LABEL, ""),
            service=labels.get(SERVICE_LABEL, ""),
        )
        for port in document.get("Ports") or ()
        if port.get("PublicPort")
    )


def image_of(document: Document) -> ImageInfo:
    """Read the answer of `/images/{name}/json`, or one entry of `/images/json`."""
    labels = (document.get("Config") or {}).get("Labels") or document.get("Labels") or {}
    return ImageInfo(
        id=str(document["Id"]),
        tags=tuple(tag for tag in document.get("RepoTags") or () if tag != "<none>:<none>"),
        labels=dict(labels),
        size_bytes=int(document.get("Size") or 0),
        created=str(document.get("Created") or ""),
    )


def volume_of(document: Document) -> VolumeInfo:
    """Read one entry of `/volumes`, or of the volumes of `/system/df`."""
    size = (document.get("UsageData") or {}).get("Size", -1)
    return VolumeInfo(
        name=str(document["Name"]),
        mountpoint=str(document.get("Mountpoint", "")),
        labels=dict(document.get("Labels") or {}),
        size_bytes=int(size) if size >= 0 else None,
    )


def network_of(document: Document) -> NetworkInfo:
    """Read one entry of `/networks`."""
    return NetworkInfo(str(document["Id"]), str(document["Name"]), dict(document.get("Labels") or {}))


def places_of(document: Document) -> tuple[NetworkPlace, ...]:
    """Read the networks of an inspected container."""
    container, networks = str(document["Id"]), document["NetworkSettings"]["Networks"]
    return tuple(
        NetworkPlace(container, str(name), tuple(place.get("Aliases") or ())) for name, place in networks.items()
    )


def event_of(document: Document) -> EngineEvent | None:
    """Read one entry of `/events`; None for the noise of health checks (`exec_…`)."""
    action, _, health = str(document.get("Action") or document.get("status") or "").partition(": ")
    if document.get("Type") != "container" or action.startswith("exec_"):
        return None
    actor = document.get("Actor") or {}
    attributes = actor.get("Attributes") or {}
    code = attributes.get("exitCode")
    return EngineEvent(
        action=action,
        container_id=str(actor.get("ID", "")),
        project=attributes.get(PROJECT_LABEL, ""),
        service=attributes.get(SERVICE_LABEL, ""),
        health=health,
        exit_code=int(code) if code is not None else None,
        time_nano=int(document.get("timeNano") or 0),
    )


def _health_of(word: object) -> Health | None:
    return word if word in ("starting", "healthy", "unhealthy") else None


def _last_probe(log: object) -> ProbeResult | None:
    if not isinstance(log, list) or not log:
        return None
    last = log[-1]
    return ProbeResult(int(last.get("ExitCode", -1)), str(last.get("Output") or "").strip(), str(last.get("End") or ""))


def _bound_ports(bindings: object) -> tuple[PublishedPort, ...]:
    if not isinstance(bindings, dict):
        return ()
    found = []
    for key, hosts in sorted(bindings.items()):
        number, _, protocol = key.partition("/")
        found += [
            PublishedPort(str(host.get("HostIp") or ""), int(host["HostPort"]), int(number), protocol or "tcp")
            for host in hosts or ()
            if host.get("HostPort")
        ]
    return tuple(found)
