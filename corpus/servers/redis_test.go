//go:build linux

package servers

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	redisrecipe "github.com/resilgen/resilgen/corpus/recipes/redis"
	resil "github.com/resilgen/resilgen/runtime"
)

// startRedis starts a server, and returns a client for what the test does to it, which is
// no part of the test.
func startRedis(t *testing.T, args ...string) (*process, *redis.Client) {
	t.Helper()
	server := program(t, "redis-server")
	p := newProcess(t)
	admin := redis.NewClient(&redis.Options{Addr: p.addr(), DialTimeout: time.Minute, ReadTimeout: time.Minute, PoolSize: 1})
	t.Cleanup(func() { admin.Close() })
	p.ready = func(ctx context.Context) error { return admin.Ping(ctx).Err() }
	p.start(server, append([]string{"--port", p.port, "--bind", "127.0.0.1", "--dir", p.dir, "--save", "",
		"--enable-debug-command", "yes", "--enable-protected-configs", "yes", "--maxclients", "10"}, args...)...)
	return p, admin
}

// redisFaults guards clients that do not repeat by themselves.
func redisFaults(t *testing.T, faulty *table, o redis.Options) *faults[*redisrecipe.ResilientCache] {
	o.MaxRetries, o.ContextTimeoutEnabled, o.DisableIdentity, o.PoolSize = -1, true, true, 1
	return &faults[*redisrecipe.ResilientCache]{t, "Cache", func(opts ...resil.Option) (*redisrecipe.ResilientCache, func(), error) {
		options := o
		client := redis.NewClient(&options)
		cache, err := redisrecipe.NewResilientCache(client, opts...)
		return cache, func() { client.Close() }, err
	}, faulty}
}

func TestRedis(t *testing.T) {
	p, admin := startRedis(t)
	faulty := newTable(t)
	at := func(o redis.Options) *faults[*redisrecipe.ResilientCache] { return redisFaults(t, faulty, o) }
	cache := at(redis.Options{Addr: p.addr()})
	get := func(c *redisrecipe.ResilientCache) error { return c.Get(t.Context(), "k").Err() }
	set := func(c *redisrecipe.ResilientCache) error {
		return c.Set(t.Context(), "k", strings.Repeat("v", 100), 0).Err()
	}
	incr := func(c *redisrecipe.ResilientCache) error { return c.Incr(t.Context(), "n").Err() }
	do := func(args ...any) {
		t.Helper()
		if err := admin.Do(t.Context(), args...).Err(); err != nil {
			t.Fatalf("%v: %v", args, err)
		}
	}
	config := func(name, value string) { t.Helper(); do("config", "set", name, value) }
	sees := func(method string, class resil.Class, attempts uint64, text string) sign {
		return sign{method: method, class: class, attempts: attempts, text: text}
	}

	cache.provoke("no such key", sees("Get", resil.Application, 1, "nil"), get)
	cache.answers(get)
	do("set", "k", "v")
	cache.provoke("wrong type", sees("HGetAll", resil.Application, 1, "WRONGTYPE"), func(c *redisrecipe.ResilientCache) error {
		return c.HGetAll(t.Context(), "k").Err()
	})

	do("acl", "setuser", "reader", "on", ">right", "~*", "+get")
	at(redis.Options{Addr: p.addr(), Username: "reader", Password: "right"}).
		provoke("no permission", sees("Set", resil.Application, 1, "NOPERM"), set)
	at(redis.Options{Addr: p.addr(), Username: "reader", Password: "wrong"}).
		provoke("password", sees("Get", resil.SystemFault, 1, "WRONGPASS"), get)
	config("requirepass", "right")
	cache.provoke("no password", sees("Get", resil.SystemFault, 1, "NOAUTH"), get)
	config("requirepass", "")

	config("maxmemory", "1")
	cache.provoke("out of memory", sees("Set", resil.SystemFault, 1, "OOM"), set)
	config("maxmemory", "0")

	config("min-replicas-to-write", "1")
	cache.provoke("no replicas", sees("Set", resil.Infrastructure, 3, "NOREPLICAS"), set)
	config("min-replicas-to-write", "0")

	do("replicaof", "127.0.0.1", freePort(t))
	cache.provoke("read-only replica", sees("Set", resil.Infrastructure, 3, "READONLY"), set)
	cache.provoke("read-only replica, INCR", sees("Incr", resil.Infrastructure, 1, "READONLY"), incr)
	config("replica-serve-stale-data", "no")
	cache.provoke("replica without its master", sees("Get", resil.Infrastructure, 3, "MASTERDOWN"), get)
	do("replicaof", "no", "one")

	config("busy-reply-threshold", "50")
	cache.provoke("busy with a script", sees("Get", resil.Infrastructure, 3, "BUSY"), func(c *redisrecipe.ResilientCache) error {
		script := make(chan error, 1)
		go func() { script <- admin.Eval(t.Context(), "while true do end", nil).Err() }()
		other := redis.NewClient(&redis.Options{Addr: p.addr(), MaxRetries: -1, DisableIdentity: true})
		defer other.Close()
		eventually(t, func(ctx context.Context) error {
			if err := other.Get(ctx, "k").Err(); err == nil || !strings.HasPrefix(err.Error(), "BUSY") {
				return errors.New("the script does not run yet")
			}
			return nil
		})
		err := get(c)
		if err := other.ScriptKill(t.Context()).Err(); err != nil {
			t.Error(err)
		}
		<-script
		return err
	})

	// A snapshot that fails stops all writes.
	nowhere := filepath.Join(p.dir, "nowhere")
	if err := os.Mkdir(nowhere, 0o777); err != nil {
		t.Fatal(err)
	}
	os.Chmod(nowhere, 0o777)
	config("dir", nowhere)
	if err := os.Remove(nowhere); err != nil {
		t.Fatal(err)
	}
	config("save", "3600 1")
	do("bgsave")
	eventually(t, func(ctx context.Context) error {
		info, err := admin.Info(ctx, "persistence").Result()
		if err == nil && !strings.Contains(info, "rdb_last_bgsave_status:err") {
			err = errors.New("the snapshot has not failed yet")
		}
		return err
	})
	cache.provoke("snapshots fail", sees("Set", resil.SystemFault, 1, "MISCONF"), set)
	config("save", "")
	config("dir", p.dir)

	var full []*redis.Conn
	other := redis.NewClient(&redis.Options{Addr: p.addr(), MaxRetries: -1, DisableIdentity: true, PoolSize: 20})
	for range 20 {
		conn := other.Conn()
		if conn.Ping(t.Context()).Err() != nil {
			break
		}
		full = append(full, conn)
	}
	// The server answers and closes before it is asked: a client that writes first loses
	// the answer.
	cache.provoke("out of connections", sign{method: "Get", class: resil.Throttled, or: resil.Infrastructure, attempts: 3}, get)
	for _, conn := range full {
		conn.Close()
	}
	other.Close()
	eventually(t, func(ctx context.Context) error {
		clients, err := admin.ClientList(ctx).Result()
		if err == nil && strings.Count(clients, "\n") > 1 {
			err = errors.New("connections are still there")
		}
		return err
	})

	between := newProxy(t, p.addr())
	through := at(redis.Options{Addr: between.Listen})
	spoiled := func(fault, toxic string, want sign, call func(*redisrecipe.ResilientCache) error) {
		t.Helper()
		through.provoke(fault, want, func(c *redisrecipe.ResilientCache) (err error) {
			between.with(toxic, func() { err = call(c) })
			return err
		})
	}
	hasty := sign{method: "Get", class: resil.Infrastructure, attempts: 3, limit: 300 * time.Millisecond}
	spoiled("answer cut off", cutOff, sees("Get", resil.Infrastructure, 3, ""), get)
	spoiled("answer to INCR cut off", cutOff, sees("Incr", resil.Infrastructure, 1, ""), incr)
	spoiled("reset", reset, sees("Get", resil.Infrastructure, 3, ""), get)
	spoiled("answer swallowed", swallowed, hasty, get)
	spoiled("late", late, hasty, get)

	cache.provoke("hung", hasty, func(c *redisrecipe.ResilientCache) error {
		p.hang()
		defer p.resume()
		return get(c)
	})
	cache.outage(300*time.Millisecond, p.hang, p.resume, set)

	cache.provoke("killed in mid-call", sees("Incr", resil.Infrastructure, 1, ""), func(c *redisrecipe.ResilientCache) error {
		do("client", "pause", "60000", "write")
		return during(t, func(ctx context.Context) error {
			clients, err := admin.ClientList(ctx).Result()
			if err == nil && !strings.Contains(clients, "flags=b") {
				err = errors.New("no command waits yet")
			}
			return err
		}, p.kill, func() error { return incr(c) })
	})
	cache.provoke("dead", sees("Get", resil.Infrastructure, 3, "refused"), get)
	cache.provoke("dead, INCR", sees("Incr", resil.Infrastructure, 3, "refused"), incr)
	p.restart()
	cache.outage(usual, p.kill, p.restart, set)

	cache.open = func(opts ...resil.Option) (*redisrecipe.ResilientCache, func(), error) {
		client := redis.NewClient(&redis.Options{Addr: p.addr(), MaxRetries: -1, DisableIdentity: true, PoolSize: 1, PoolTimeout: 50 * time.Millisecond})
		held := client.Conn()
		if err := held.Ping(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		cache, err := redisrecipe.NewResilientCache(client, opts...)
		return cache, func() { held.Close(); client.Close() }, err
	}
	cache.provoke("no free connection", sees("Get", resil.Throttled, 3, "pool timeout"), get)
}

func TestRedisThatReadsItsData(t *testing.T) {
	p, admin := startRedis(t, "--key-load-delay", "200000", "--loading-process-events-interval-bytes", "1024")
	cache := redisFaults(t, newTable(t), redis.Options{Addr: p.addr()})
	get := func(c *redisrecipe.ResilientCache) error { return c.Get(t.Context(), "key:1").Err() }
	for _, command := range [][]any{{"debug", "populate", "1000", "key", "10000"}, {"save"}} {
		if err := admin.Do(t.Context(), command...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	p.kill()
	p.launch(p.cmd.Path, p.cmd.Args[1:]...)
	eventually(t, p.listening)
	cache.provoke("reads its data", sign{method: "Get", class: resil.Infrastructure, attempts: 3, text: "LOADING"}, get)
	if err := admin.ConfigSet(t.Context(), "key-load-delay", "0").Err(); err != nil {
		t.Fatal(err)
	}
	p.waitReady()
	c, end := cache.guard(usual, "open=30s")
	defer end()
	if err := get(c); err != nil {
		t.Error(err)
	}
}

func TestRedisClusterWithoutSlots(t *testing.T) {
	p, _ := startRedis(t, "--cluster-enabled", "yes")
	cache := redisFaults(t, newTable(t), redis.Options{Addr: p.addr()})
	cache.provoke("no slots", sign{method: "Get", class: resil.Infrastructure, attempts: 3, text: "CLUSTERDOWN"},
		func(c *redisrecipe.ResilientCache) error { return c.Get(t.Context(), "k").Err() })
}
