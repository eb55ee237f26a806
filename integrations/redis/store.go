package resilredis

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	model "github.com/resilgen/resilgen/internal/lease"
	resil "github.com/resilgen/resilgen/runtime"
)

//go:generate go tool resilgen

// A store is what a fleet asks of Redis. It is guarded by our own wrapper: what takes too
// long is given up, nothing is repeated, and a Redis that does not answer is left alone for a
// while.
//
//resil:timeout 1s
//resil:breaker consecutive=3 ratio=off open=250ms..2s probes=1
//resil:classify redis
type store interface {
	// Lease asks for tokens, all asks in one round trip.
	//
	//resil:timeout 50ms
	Lease(ctx context.Context, asks []lease) error

	// Read reads how the fleet stands for some clients, in one round trip.
	Read(ctx context.Context, reads []reading) error

	// Write writes fields that others watch.
	Write(ctx context.Context, w write) error

	// Leave takes members off the lists of their clients.
	//
	//resil:timeout 200ms
	Leave(ctx context.Context, members []seat) error

	// List returns the names of clients that were seen in the last day.
	List(ctx context.Context) ([]string, error)

	// About returns what the processes of a client say of themselves, by name.
	About(ctx context.Context, client string) (map[string]string, error)

	// Seen notes that the clients are there.
	Seen(ctx context.Context, clients []string) error
}

// A lease is an ask, and its answer.
type lease struct {
	ask    *resil.Ask
	member *member // that asks
	at     time.Time
	grant  resil.Grant
	err    error
}

// A seat is a place in the list of a client's members.
type seat struct{ client, member string }

// A reading is a question about a client, and the answer.
type reading struct {
	client, member, about, version string // version that is known

	now       int64 // in µs
	processes int
	changed   bool // what follows is set
	orders    map[string]field
	suspects  map[string]field
	err       error
}

// A field of a hash that processes watch.
type field struct {
	till, at int64 // µs by the clock of the store; till is 0 for ever
	text     string
}

// A write sets fields of a hash.
type write struct {
	client, hash string
	expires      time.Duration // of a hash that nobody writes to; 0 for never
	fields       []change
}

// A change of a field.
type change struct {
	name string
	good time.Duration // how long it holds, 0 for ever, less to remove it
	at   int64         // when it was set, in µs; 0 for now, after what is there; -1 for now, whatever is there
	text string
}

const (
	heartbeat = time.Second    // between two reads
	keep      = 4 * heartbeat  // without a read, after which a process is gone
	listed    = 24 * time.Hour // after which a client is gone, and an order that was taken back
)

// A server is the store on Redis.
type server struct {
	client redis.UniversalClient
	prefix string
}

var _ store = (*server)(nil)

// key is the name of a client's key.
func (s *server) key(client string, parts ...string) string {
	tag := strings.NewReplacer("%", "%25", "{", "%7B", "}", "%7D").Replace(client)
	return strings.Join(append([]string{s.prefix + ":{" + tag + "}"}, parts...), ":")
}

// run runs a script once for each of n sets of keys and arguments, in one round trip, or
// two where the server does not know the script yet. It returns the first error.
func (s *server) run(ctx context.Context, script *redis.Script, n int, with func(i int) (keys []string, args []any), result func(i int, v any, err error)) error {
	commands := make([]*redis.Cmd, n)
	pipe := s.client.Pipeline()
	for i := range n {
		keys, args := with(i)
		commands[i] = pipe.EvalSha(ctx, script.Hash(), keys, args...)
	}
	pipe.Exec(ctx)
	again := s.client.Pipeline()
	for i, c := range commands {
		if redis.HasErrorPrefix(c.Err(), "NOSCRIPT") {
			keys, args := with(i)
			commands[i] = script.Eval(ctx, again, keys, args...)
		}
	}
	if again.Len() > 0 {
		again.Exec(ctx)
	}
	var first error
	for i, c := range commands {
		v, err := c.Result()
		if err != nil && first == nil {
			first = err
		}
		result(i, v, err)
	}
	return first
}

func (s *server) Lease(ctx context.Context, asks []lease) error {
	return s.run(ctx, leaseScript, len(asks), func(i int) ([]string, []any) {
		a := asks[i].ask
		name := []string{a.Limit}
		if a.Key != "" {
			name = append(name, short(a.Key))
		}
		client := a.Member.Client().Name()
		perSecond := float64(a.Rate.Count) / a.Rate.Per.Seconds()
		return []string{s.key(client, append([]string{"limit"}, name...)...), s.key(client, append([]string{"asking"}, name...)...)},
			[]any{strconv.FormatFloat(perSecond, 'g', -1, 64), a.Burst, a.Tokens, asks[i].member.name, model.Recent.Microseconds()}
	}, func(i int, v any, err error) {
		g, ok := v.([]any)
		switch {
		case err != nil:
			asks[i].err = err
		case !ok || len(g) != 3:
			asks[i].err = fmt.Errorf("resilredis: unexpected answer %v", v)
		default:
			asks[i].grant = resil.Grant{Tokens: int(integer(g[0])), Busy: int(integer(g[1])), Next: time.Duration(integer(g[2])) * time.Microsecond}
		}
	})
}

// longest is how long the text of a key may be for Redis to keep it as it is.
const longest = 256

// short is a key, or what stands for one that is long: who calls may have chosen it.
func short(key string) string {
	if len(key) <= longest {
		return key
	}
	return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(key)))
}

func integer(v any) int64 {
	n, _ := v.(int64)
	return n
}

func (s *server) Read(ctx context.Context, reads []reading) error {
	return s.run(ctx, readScript, len(reads), func(i int) ([]string, []any) {
		r := reads[i]
		return []string{s.key(r.client, "members"), s.key(r.client, "about"), s.key(r.client, "orders"), s.key(r.client, "suspects"), s.key(r.client, "version")},
			[]any{r.member, r.about, keep.Microseconds(), r.version}
	}, func(i int, v any, err error) {
		r := &reads[i]
		if r.err = err; err != nil {
			return
		}
		all, _ := v.([]any)
		if len(all) != 3 && len(all) != 5 {
			r.err = fmt.Errorf("resilredis: unexpected answer %v", v)
			return
		}
		r.now, r.processes = integer(all[0]), int(integer(all[1]))
		r.version, _ = all[2].(string)
		if r.changed = len(all) == 5; r.changed {
			r.orders, r.suspects = fields(all[3]), fields(all[4])
		}
	})
}

// latest is the last time in µs that scripts can count to. What is later was not set by us,
// and nothing could come after it.
const latest = 1 << 53

// fields reads the fields of a hash.
func fields(v any) map[string]field {
	found := map[string]field{}
	list, _ := v.([]any)
	for i := 0; i+1 < len(list); i += 2 {
		name, _ := list[i].(string)
		value, _ := list[i+1].(string)
		till, rest, _ := strings.Cut(value, " ")
		at, text, ok := strings.Cut(rest, " ")
		f := field{text: text}
		var err1, err2 error
		f.till, err1 = strconv.ParseInt(till, 10, 64)
		f.at, err2 = strconv.ParseInt(at, 10, 64)
		if ok && errors.Join(err1, err2) == nil && f.at <= latest {
			found[name] = f
		}
	}
	return found
}

func (s *server) Write(ctx context.Context, w write) error {
	return s.run(ctx, writeScript, 1, func(int) ([]string, []any) {
		args := []any{s.key(w.client), w.expires.Milliseconds()}
		for _, f := range w.fields {
			good := min(f.good, time.Duration(1)<<61).Microseconds() // 73 years
			switch {
			case f.good < 0:
				good = -1
			case f.good > 0:
				good = max(good, 1)
			}
			args = append(args, f.name, good, f.at, f.text)
		}
		return []string{s.key(w.client, w.hash), s.key(w.client, "version")}, args
	}, func(int, any, error) {})
}

func (s *server) Leave(ctx context.Context, members []seat) error {
	_, err := s.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for _, m := range members {
			pipe.ZRem(ctx, s.key(m.client, "members"), m.member)
			pipe.HDel(ctx, s.key(m.client, "about"), m.member)
		}
		return nil
	})
	return err
}

func (s *server) clients() string { return s.prefix + ":clients" }

func (s *server) Seen(ctx context.Context, clients []string) error {
	return s.run(ctx, seenScript, 1, func(int) ([]string, []any) {
		args := []any{int(listed.Seconds())}
		for _, client := range clients {
			args = append(args, client)
		}
		return []string{s.clients()}, args
	}, func(int, any, error) {})
}

func (s *server) List(ctx context.Context) ([]string, error) {
	return s.client.ZRange(ctx, s.clients(), 0, -1).Result()
}

func (s *server) About(ctx context.Context, client string) (map[string]string, error) {
	return s.client.HGetAll(ctx, s.key(client, "about")).Result()
}
