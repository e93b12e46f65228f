"""`ticketctl images`: which image each service uses and why, and building ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ticketctl.cli.invocation import DryRun, Invocation, Json, run_of
from ticketctl.cli.render.columns import columns

if TYPE_CHECKING:
    from ticketctl.infra.docker import Engine
    from ticketctl.provision.stack.images import ImagesPlan

_ACTIONS = {"none": "here", "pull": "to be fetched", "build": "to be built"}


def list_images(ctx: typer.Context, json: Json = False) -> None:
    """Show which image is used for what, and why.

    Examples:
      ticketctl images list
      ticketctl images list --json
    """
    run = run_of(ctx, json=json)
    plan = _plan(run, _engine(run))
    run.show(plan.images, text=lambda: _table(plan))


def build(
    ctx: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(help="mysql, redis, elasticsearch, service; none for all.", metavar="NAME"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Build even what is here already.")] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Build our images from compose/images. What is unchanged is not built again.

    Examples:
      ticketctl images build
      ticketctl images build elasticsearch --force
    """
    from ticketctl.provision.stack.images.build import build_images, plan_builds

    run = run_of(ctx, json=json)
    engine = _engine(run)
    plan = plan_builds(run.project, engine, names=names or (), force=force)
    if not dry_run:
        build_images(plan, engine, environ=run.environ, emit=run.emit)
    word = "would build" if dry_run else "built"
    run.show(plan, text=lambda: "\n".join(f"{word} {item.reference}" for item in plan) or "nothing to build")


def _engine(run: Invocation) -> Engine:
    from ticketctl.infra.docker import connect_engine

    return connect_engine(run.environ)


def _plan(run: Invocation, engine: Engine) -> ImagesPlan:
    from ticketctl.provision.stack.env_file import read_env
    from ticketctl.provision.stack.env_plan import prepare_env
    from ticketctl.provision.stack.images import plan_images

    project = run.project
    return plan_images(project, prepare_env(project, read_env(project.env_file), ()).file, engine)


def _table(plan: ImagesPlan) -> str:
    rows = [(image.name, image.reference, _ACTIONS[image.action], image.why) for image in plan.images]
    return "\n".join(columns(rows))
