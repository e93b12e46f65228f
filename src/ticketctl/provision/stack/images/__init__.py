"""The images of the stack: which one each service uses and why, and how ours are built."""

from ticketctl.provision.stack.images.choice import ImageChoice, ImagesPlan
from ticketctl.provision.stack.images.observe import plan_images
from ticketctl.provision.stack.images.provide import ensure_images

__all__ = ["ImageChoice", "ImagesPlan", "ensure_images", "plan_images"]
