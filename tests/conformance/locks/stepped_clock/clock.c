/* Loaded before a server's own libraries: the wall clock, moved by as many microseconds as /clock/offset says.
 *
 * The monotonic clock, by which the server plans its own work, goes on as it is. Nothing here allocates memory: an
 * allocator asks for the time while it is being set up.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long long offset(void)
{
    char text[32];
    long long value = 0;
    int file = open("/clock/offset", O_RDONLY);
    int length = file < 0 ? 0 : (int) read(file, text, sizeof text);
    if (file >= 0)
        close(file);
    for (int at = text[0] == '-'; at < length && text[at] >= '0' && text[at] <= '9'; at++)
        value = value * 10 + (text[at] - '0');
    return length > 0 && text[0] == '-' ? -value : value;
}

int clock_gettime(clockid_t which, struct timespec *now)
{
    long failed = syscall(SYS_clock_gettime, which, now);
    if (failed || (which != CLOCK_REALTIME && which != CLOCK_REALTIME_COARSE))
        return (int) failed;
    long long microseconds = now->tv_sec * 1000000LL + now->tv_nsec / 1000 + offset();
    now->tv_sec = microseconds / 1000000;
    now->tv_nsec = microseconds % 1000000 * 1000;
    return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec exact;
    (void) zone;
    clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *now)
{
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (now)
        *now = exact.tv_sec;
    return exact.tv_sec;
}
