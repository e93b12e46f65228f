import pytest

from ticketctl.infra.docker import ProbeResult
from ticketctl.provision.stack.causes import Evidence, after_compose_failure, likely_cause
from unit.provision.stack.containers import container

# Real lines of the servers, shortened.
KNOWN = [
    (
        "",
        "driver failed programming external connectivity: Bind for 127.0.0.1:20000 failed: port is already allocated",
        "its port on this machine is taken",
        "ticketctl doctor",
    ),
    (
        "bootstrap check failure [1] of [1]: max virtual memory areas vm.max_map_count [65530] is too low",
        "",
        "vm.max_map_count is 65530",
        "sysctl -w vm.max_map_count=262144",
    ),
    (
        "[ERROR] [MY-012592] InnoDB: Operating system error number 28; No space left on device",
        "",
        "disk is full",
        "free",
    ),
    ("flood stage disk watermark [95%] exceeded on [node]", "", "watermark", "free"),
    (
        "/usr/local/bin/docker-entrypoint.sh: running /docker-entrypoint-initdb.d/10-seed.sql\n"
        "ERROR 1064 (42000) at line 3: You have an error in your SQL syntax",
        "",
        "the init script 10-seed.sql failed: ERROR 1064 (42000) at line 3",
        "ticketctl reset",
    ),
    (
        "ERROR 1045 (28000): Access denied for user 'ticketctl_health'@'127.0.0.1'",
        "",
        "`ticketctl_health`",
        "compose/.env",
    ),
    ("WRONGPASS invalid username-password pair or user is disabled.", "", "Redis refused", "ticketctl status"),
    ('{"reason":"unable to authenticate user [elastic] for REST request"}', "", "`elastic`", "compose/.env"),
    ("exec /docker-entrypoint.sh: exec format error", "", "another processor architecture", "services.mysql.image"),
    (
        "",
        'exec: "/bin/nope": stat /bin/nope: no such file or directory: unknown',
        "no program `/bin/nope`",
        "images list",
    ),
    ("[FATAL tini (6)] exec nope failed: No such file or directory", "", "no program `nope`", "images list"),
    ("", "No such image: shop/booking:7", "no registry gave it: shop/booking:7", "images build"),
    ("InnoDB: Unable to lock ./ibdata1 error: 11", "", "another server works on the same volume", "docker ps"),
    ("Invalid MySQL server downgrade: Cannot downgrade from 90700 to 80400", "", "another version", "images"),
    ("java.lang.OutOfMemoryError: Java heap space", "", "ran out of memory inside its limit", "limits"),
    (
        "java.nio.file.AccessDeniedException: /usr/share/elasticsearch/data/node.lock",
        "",
        "may not write to /usr/share/elasticsearch/data/node.lock",
        "another image",
    ),
    ("mkdir: cannot create directory '/var/lib/mysql/x': Permission denied", "", "/var/lib/mysql/x", "another image"),
    ("unknown variable 'inodb_x=1'", "", "does not know: inodb_x=1", "correct"),
]


@pytest.mark.parametrize(("log", "error", "text", "next_step"), KNOWN)
def test_a_known_message_names_its_cause(log: str, error: str, text: str, next_step: str) -> None:
    cause = likely_cause(Evidence(container("mysql", error=error), tuple(log.splitlines()), "exited"))

    assert text in cause.text
    assert next_step in cause.next_step


def test_a_message_of_the_health_check_counts_too() -> None:
    probe = ProbeResult(-1, "Health check exceeded timeout (5s)", "")

    cause = likely_cause(Evidence(container("mysql", probe=probe), (), "not in time"))

    assert cause.text == "its health check does not answer within 5s: it hangs, or the machine is too busy"


@pytest.mark.parametrize(
    ("exit_code", "text"),
    [
        (0, "ends instead of staying in the foreground"),
        (126, "may not be executed"),
        (127, "was not found in the image"),
        (137, "something killed it (SIGKILL)"),
        (139, "crashed"),
        (3, "ended with exit status 3"),
    ],
)
def test_without_a_known_message_the_exit_status_speaks(exit_code: int, text: str) -> None:
    state = container("mysql", state="exited", exit_code=exit_code)

    assert text in likely_cause(Evidence(state, ("bye",), "exited")).text


def test_lack_of_memory_comes_before_any_message() -> None:
    state = container("mysql", memory_limit=128 * 2**20, exit_code=137)

    cause = likely_cause(Evidence(state, ("Access denied for user 'x'",), "out of memory"))

    assert cause.text == "the kernel killed it for its memory limit of 128 MiB"


def test_an_unknown_start_error_is_passed_on() -> None:
    cause = likely_cause(Evidence(container("mysql", error="runc: strange"), (), "not startable"))

    assert cause.text == "the engine could not start it: runc: strange"


def test_an_unhealthy_service_and_a_slow_one_are_told_apart() -> None:
    failing = container("mysql", health="unhealthy", probe=ProbeResult(1, "no", ""))

    assert likely_cause(Evidence(failing, (), "")).text == "it runs, but its health check fails"
    assert likely_cause(Evidence(container("mysql", health="starting"), (), "")).text.startswith(
        "it was still starting"
    )


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("could not find an available, non-overlapping IPv4 address pool among the defaults", "docker network ls"),
        ("all predefined address pools have been fully subscribed", "docker network ls"),
        ("Error response from daemon: No such image: x:1", "ticketctl images list"),
        ('Conflict. The container name "/shop-mysql-1" is already in use', "ticketctl down"),
        ("something else", ""),
    ],
)
def test_a_known_failure_of_compose_itself_has_its_way_out(line: str, words: str) -> None:
    assert words in after_compose_failure(line)
    assert bool(words) == bool(after_compose_failure(line))
