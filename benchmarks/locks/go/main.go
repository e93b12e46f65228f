// One process of a Go library, driven as worker.py is: it takes an order as JSON, prints a line when it is warm, reads
// lines that say when to begin, and prints for each one with what it measured.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"syscall"
	"time"
	"unsafe"

	"github.com/bsm/redislock"
	"github.com/go-redsync/redsync/v4"
	"github.com/go-redsync/redsync/v4/redis/goredis/v9"
	"github.com/redis/go-redis/v9"
)

const (
	ttl    = 10 * time.Second
	spin   = time.Millisecond
	tries  = 1 << 30 // longer than any run
	warmUp = 200
)

type order struct {
	Job     string  `json:"job"`
	Adapter string  `json:"adapter"`
	Host    string  `json:"host"`
	Port    int     `json:"port"`
	Name    string  `json:"name"`
	Inside  float64 `json:"inside"`
}

type window struct {
	Begin float64 `json:"begin"`
	Stop  float64 `json:"stop"`
}

// An acquire waits for the lock and returns what gives it back.
type acquire func(name string) (release func())

func main() {
	var todo order
	check(json.Unmarshal([]byte(os.Args[1]), &todo))
	client := redis.NewClient(&redis.Options{Addr: fmt.Sprintf("%s:%d", todo.Host, todo.Port)})
	locks, known := map[string]acquire{"redislock": withRedislock(client), "redsync": withRedsync(client)}[todo.Adapter]
	jobs := map[string]func(acquire, order){"pairs": pairs, "contend": contend}
	job, can := jobs[todo.Job]
	if !known || !can {
		check(fmt.Errorf("no job %q of %q", todo.Job, todo.Adapter))
	}
	job(locks, todo)
}

func withRedislock(client *redis.Client) acquire {
	locker := redislock.New(client)
	options := &redislock.Options{RetryStrategy: redislock.LinearBackoff(spin)}
	return func(name string) func() {
		// Without a deadline of its own it gives up after the ttl.
		patient, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		held, err := locker.Obtain(patient, name, ttl, options)
		check(err)
		return func() { check(held.Release(context.Background())) }
	}
}

func withRedsync(client *redis.Client) acquire {
	factory := redsync.New(goredis.NewPool(client))
	return func(name string) func() {
		held := factory.NewMutex(
			name, redsync.WithExpiry(ttl), redsync.WithTries(tries), redsync.WithRetryDelay(spin))
		check(held.Lock())
		return func() {
			_, err := held.Unlock()
			check(err)
		}
	}
}

// pairs acquires and releases, again and again, alone; in many windows.
func pairs(locks acquire, todo order) {
	for range warmUp {
		locks(todo.Name)()
	}
	for until := range windows() {
		began, done := now(), 0
		for now() < until.Stop {
			locks(todo.Name)()
			done++
		}
		say(map[string]any{"pairs": done, "seconds": now() - began})
	}
}

// contend acquires a lock that others want too, stays inside, releases; again and again until the window ends.
func contend(locks acquire, todo order) {
	for turn := range warmUp / 10 {
		locks(fmt.Sprintf("%s-%d-%d", todo.Name, os.Getpid(), turn))()
	}
	for until := range windows() {
		notes := [][3]any{}
		for now() < until.Stop {
			release := locks(todo.Name)
			enter := now()
			time.Sleep(time.Duration(todo.Inside * float64(time.Second)))
			leave := now()
			release()
			notes = append(notes, [3]any{enter, leave, nil})
		}
		say(map[string]any{"notes": notes})
	}
}

// windows says that all is warm; then yields at the beginning of each window that is asked for, until no more is.
func windows() iter.Seq[window] {
	return func(yield func(window) bool) {
		say(map[string]any{})
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			var until window
			check(json.Unmarshal(lines.Bytes(), &until))
			time.Sleep(time.Duration((until.Begin - now()) * float64(time.Second)))
			if !yield(until) {
				return
			}
		}
	}
}

// now returns the seconds of CLOCK_MONOTONIC, which Python's time.monotonic reads as well.
func now() float64 {
	var at syscall.Timespec
	const clockMonotonic = 1
	if _, _, code := syscall.RawSyscall(
		syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&at)), 0); code != 0 {
		check(code)
	}
	return float64(at.Sec) + float64(at.Nsec)/1e9
}

func say(what any) {
	line, err := json.Marshal(what)
	check(err)
	fmt.Println(string(line))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
