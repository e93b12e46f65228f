"""`index create`: observe, plan, execute, until what was planned for is so."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ticketctl.errors import BackendOperationError, MappingFileError, SettingsProblem
from ticketctl.events import Emit, Notice, Outcome, Progress, StepFinished, StepStarted, ignore
from ticketctl.infra.elasticsearch import connect, translating
from ticketctl.provision.search.index import execute, observe, unassigned_reason
from ticketctl.provision.search.live import RED
from ticketctl.provision.search.mapping import MappingFile, read_mapping
from ticketctl.provision.search.plan import Action, CreateIndex, IndexPlan, plan_index
from ticketctl.settings.endpoints import ElasticsearchEndpoint
from ticketctl.settings.model import SearchSettings

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

STEP = "index"
BAD_REQUEST = 400
REQUEST_TIMEOUT = 408
SHARDS_START_SECONDS = 5.0
# The server gives up before the client does, so that its answer is seen.
PATIENCE = 0.8
# How often somebody else may be faster before it is not a coincidence any more.
ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class IndexResult:
    """What `create` did, or would do.

    Attributes:
        alias: Name that services search by.
        index: The concrete index behind it.
        changed: Whether anything was changed, or would be.
        dry_run: Whether only the plan was made.
        replicas: Copies of each shard.
        health: `green`, `yellow` or `red`; empty in a dry run.
        actions: What was done, or would be, one line each.
        overrides: Where the index departs from the file on purpose, and why.
        remarks: What does not hinder, but should be known.
        conflict: Why the plan cannot be carried out; only in a dry run, otherwise it is raised.
        plan: The last plan, as text.
    """

    alias: str
    index: str
    changed: bool
    dry_run: bool
    replicas: int
    health: str
    actions: tuple[str, ...]
    overrides: tuple[str, ...]
    remarks: tuple[str, ...]
    conflict: str
    plan: str

    @property
    def ok(self) -> bool:
        """Whether the alias leads to the wanted index and its shards are started, or a plan is possible."""
        return not self.conflict and self.health != RED


def create(
    root: Path, search: SearchSettings, endpoint: ElasticsearchEndpoint, *, dry_run: bool = False, emit: Emit = ignore
) -> IndexResult:
    """Make the index and lead the alias to it; a second run changes nothing.

    Two runs at once end with one index: the later one sees what the earlier one made.

    Args:
        root: Folder that the mapping file's path starts from.
        search: Alias, mapping file, version, override of the replicas.
        endpoint: Elasticsearch and the account that manages the index.
        dry_run: Make the plan only.
        emit: Takes the progress.

    Raises:
        MappingFileError: The file cannot be used, or the server refuses what it says.
        IndexConflictError: The alias's name, or the index's, belongs to something else.
        MappingChangedError: The mapping changed and the old index holds documents.
        BackendError: Elasticsearch cannot be reached, or refuses the account or the change.
    """
    started = time.monotonic()
    file = read_mapping(root / search.mapping)
    with translating(endpoint), closing(connect(endpoint)) as client:
        if dry_run:
            plan = _plan(client, file, search)
            return _result(plan, plan.actions, dry_run=True)
        emit(StepStarted(STEP, f"search index {search.alias}"))
        run = _Run(client, endpoint, file, search, emit)
        plan = run.to_the_end()
        health, plan = _with_health(client, plan, min(SHARDS_START_SECONDS, endpoint.timeout * PATIENCE))
    for override in plan.overrides:
        emit(Notice("info", f"{plan.index}: {override}"))
    for remark in plan.remarks:
        emit(Notice("warn", f"{plan.index}: {remark}"))
    emit(_finished(plan, run.done, health, time.monotonic() - started))
    return _result(plan, run.done, health=health, dry_run=False)


def _plan(client: Elasticsearch, file: MappingFile, search: SearchSettings) -> IndexPlan:
    return plan_index(file, search, observe(client, search.alias, file.index_name(search.alias, search.version)))


class _Run:
    """Carries out plans until one is done; remembers what was changed."""

    def __init__(
        self,
        client: Elasticsearch,
        endpoint: ElasticsearchEndpoint,
        file: MappingFile,
        search: SearchSettings,
        emit: Emit,
    ) -> None:
        self._client = client
        self._endpoint = endpoint
        self._file = file
        self._search = search
        self._emit = emit
        self.done: tuple[Action, ...] = ()

    def to_the_end(self) -> IndexPlan:
        for _ in range(ATTEMPTS):
            plan = _plan(self._client, self._file, self._search)
            if plan.conflict:
                raise plan.conflict
            if all(self._execute(plan, action) for action in plan.actions):
                return plan
        raise BackendOperationError(
            f"the index behind '{self._search.alias}' kept changing while it was set up",
            backend="elasticsearch",
            why=f"{ATTEMPTS} plans in a row no longer fitted when they were carried out",
            next_step="find out what else creates or moves this index, and run `ticketctl index create` again",
        )

    def _execute(self, plan: IndexPlan, action: Action) -> bool:
        """Carry out an action; False when somebody else was faster and a new plan is needed."""
        try:
            with translating(self._endpoint):
                done = execute(self._client, action, seconds=self._endpoint.timeout * PATIENCE)
        except BackendOperationError as error:
            if _plan(self._client, self._file, self._search).actions != plan.actions:
                return False
            if error.number == BAD_REQUEST and isinstance(action, CreateIndex):
                raise _refused_by_server(self._file, error) from error
            raise
        if done:
            self.done = (*self.done, action)
            self._emit(Progress(STEP, plan.index, "changed", str(action)))
        return done


def _with_health(client: Elasticsearch, plan: IndexPlan, seconds: float) -> tuple[str, IndexPlan]:
    """Wait a moment for the shards; when they do not start, the plan's remarks say why."""
    patient = client.options(ignore_status=REQUEST_TIMEOUT)
    timeout = f"{int(seconds * 1000)}ms"
    health = str(patient.cluster.health(index=plan.index, wait_for_status="yellow", timeout=timeout)["status"])
    if health != RED:
        return health, plan
    reason = unassigned_reason(client, plan.index)
    return health, replace(plan, remarks=(*plan.remarks, f"its shards are not started: {reason}"))


def _refused_by_server(file: MappingFile, error: BackendOperationError) -> MappingFileError:
    problem = SettingsProblem(file.path.name, "", f"Elasticsearch refused it: {error.why}")
    return MappingFileError(file.path, [problem], line=1)


def _finished(plan: IndexPlan, done: tuple[Action, ...], health: str, seconds: float) -> StepFinished:
    outcome: Outcome = "changed" if done else "unchanged"
    summary = f"{plan.alias} -> {plan.index}, {plan.replicas} replicas, {health}"
    return StepFinished(STEP, "failed" if health == RED else outcome, summary, seconds)


def _result(plan: IndexPlan, actions: tuple[Action, ...], *, dry_run: bool, health: str = "") -> IndexResult:
    return IndexResult(
        alias=plan.alias,
        index=plan.index,
        changed=bool(actions),
        dry_run=dry_run,
        replicas=plan.replicas,
        health=health,
        actions=tuple(map(str, actions)),
        overrides=plan.overrides,
        remarks=plan.remarks,
        conflict=plan.conflict.what if plan.conflict else "",
        plan=str(plan),
    )
