"""Adapter of the Compose binary."""

from ticketctl.infra.compose.binary import Compose, ComposeProcess
from ticketctl.infra.compose.find import find_compose

__all__ = ["Compose", "ComposeProcess", "find_compose"]
