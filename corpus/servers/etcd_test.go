//go:build linux

package servers

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	etcdrecipe "github.com/resilgen/resilgen/corpus/recipes/etcd"
	resil "github.com/resilgen/resilgen/runtime"
)

// startEtcd starts the members of a cluster.
func startEtcd(t *testing.T, members int, args ...string) []*process {
	t.Helper()
	server := program(t, "etcd")
	var cluster, peers []string
	for i := range members {
		peers = append(peers, "http://127.0.0.1:"+freePort(t))
		cluster = append(cluster, fmt.Sprintf("member%d=%s", i, peers[i]))
	}
	var all []*process
	for i := range members {
		p := newProcess(t)
		p.ready = func(ctx context.Context) error {
			client, err := clientv3.New(clientv3.Config{Endpoints: []string{p.addr()}, Logger: zap.NewNop()})
			if err != nil {
				return err
			}
			defer client.Close()
			_, err = client.Status(ctx, p.addr())
			return err
		}
		p.launch(server, append([]string{"--name", fmt.Sprintf("member%d", i), "--data-dir", filepath.Join(p.dir, "data"), "--unsafe-no-fsync",
			"--listen-client-urls", "http://" + p.addr(), "--advertise-client-urls", "http://" + p.addr(),
			"--listen-peer-urls", peers[i], "--initial-advertise-peer-urls", peers[i], "--initial-cluster", strings.Join(cluster, ",")}, args...)...)
		all = append(all, p)
	}
	for _, p := range all {
		p.waitReady()
	}
	return all
}

func etcdFaults(t *testing.T, faulty *table, config clientv3.Config) *faults[*etcdrecipe.ResilientKV] {
	return &faults[*etcdrecipe.ResilientKV]{t, "KV", func(opts ...resil.Option) (*etcdrecipe.ResilientKV, func(), error) {
		c := config
		c.MaxUnaryRetries, c.Logger = 1, zap.NewNop()
		client, err := clientv3.New(c)
		if err != nil {
			return nil, nil, err
		}
		kv, err := etcdrecipe.NewResilientKV(client, opts...)
		return kv, func() { client.Close() }, err
	}, faulty}
}

func TestEtcd(t *testing.T) {
	p := startEtcd(t, 1, "--quota-backend-bytes", "2000000")[0]
	faulty := newTable(t)
	config := clientv3.Config{Endpoints: []string{p.addr()}}
	kv := etcdFaults(t, faulty, config)
	get := func(key string, opts ...clientv3.OpOption) func(*etcdrecipe.ResilientKV) error {
		return func(kv *etcdrecipe.ResilientKV) error {
			_, err := kv.Get(t.Context(), key, opts...)
			return err
		}
	}
	put := func(size int) func(*etcdrecipe.ResilientKV) error {
		return func(kv *etcdrecipe.ResilientKV) error {
			_, err := kv.Put(t.Context(), "key", string(make([]byte, size)))
			return err
		}
	}
	sees := func(method string, class resil.Class, attempts uint64, text string) sign {
		return sign{method: method, class: class, attempts: attempts, text: text}
	}
	hasty := func(method string, attempts uint64) sign {
		return sign{method: method, class: resil.Infrastructure, attempts: attempts, limit: 300 * time.Millisecond}
	}
	c := config
	c.Logger = zap.NewNop()
	admin, err := clientv3.New(c)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()

	kv.provoke("no key", sees("Get", resil.Application, 1, "key is not provided"), get(""))
	kv.answers(get(""))
	kv.provoke("too large", sees("Put", resil.Application, 1, "too large"), put(1800000))
	kv.provoke("compacted", sees("Get", resil.Application, 1, "compacted"), func(kv *etcdrecipe.ResilientKV) error {
		var last int64
		for range 3 {
			put, err := admin.Put(t.Context(), "key", "value")
			if err != nil {
				t.Fatal(err)
			}
			last = put.Header.Revision
		}
		if _, err := admin.Compact(t.Context(), last); err != nil {
			t.Fatal(err)
		}
		return get("key", clientv3.WithRev(1))(kv)
	})

	between := newProxy(t, p.addr())
	through := etcdFaults(t, faulty, clientv3.Config{Endpoints: []string{between.Listen}})
	spoiled := func(fault, toxic string, want sign, call func(*etcdrecipe.ResilientKV) error) {
		t.Helper()
		through.provoke(fault, want, func(kv *etcdrecipe.ResilientKV) (err error) {
			between.with(toxic, func() { err = call(kv) })
			return err
		})
	}
	spoiled("answer cut off", cutOff, hasty("Put", 1), put(1))
	spoiled("reset", reset, hasty("Get", 3), get("key"))
	spoiled("answer swallowed", swallowed, hasty("Get", 3), get("key"))
	spoiled("late", late, hasty("Put", 1), put(1))

	kv.provoke("hung", hasty("Get", 3), func(kv *etcdrecipe.ResilientKV) error {
		p.hang()
		defer p.resume()
		return get("key")(kv)
	})
	kv.outage(300*time.Millisecond, p.hang, p.resume, get("key"))

	kv.provoke("stopped in mid-call", sees("Put", resil.Infrastructure, 1, ""), func(kv *etcdrecipe.ResilientKV) error {
		if err := get("key")(kv); err != nil {
			t.Fatal(err)
		}
		p.hang()
		return during(t, func(context.Context) error { return nil }, func() {
			time.Sleep(200 * time.Millisecond) // until the request is on its way
			p.kill()
			p.restart()
		}, func() error { return put(1)(kv) })
	})
	kv.provoke("dead", hasty("Get", 3), func(kv *etcdrecipe.ResilientKV) error {
		p.stop(syscall.SIGTERM)
		return get("key")(kv)
	})
	p.restart()
	kv.outage(time.Second, p.kill, p.restart, get("key"))

	// A database that is full takes no writes until somebody makes room.
	kv.provoke("no space", sees("Put", resil.SystemFault, 1, "space exceeded"), func(kv *etcdrecipe.ResilientKV) error {
		eventually(t, func(ctx context.Context) error {
			for range 3 {
				if _, err := admin.Put(ctx, "large", string(make([]byte, 1000000))); err != nil {
					return nil
				}
			}
			return context.DeadlineExceeded
		})
		return put(1)(kv)
	})
}

func TestEtcdWithLogins(t *testing.T) {
	p := startEtcd(t, 1)[0]
	faulty := newTable(t)
	admin, err := clientv3.New(clientv3.Config{Endpoints: []string{p.addr()}, Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	for _, err := range []error{
		second(admin.UserAdd(t.Context(), "root", "right")),
		second(admin.UserGrantRole(t.Context(), "root", "root")),
		second(admin.UserAdd(t.Context(), "app", "right")),
		second(admin.AuthEnable(t.Context())),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	get := func(kv *etcdrecipe.ResilientKV) error {
		_, err := kv.Get(t.Context(), "key")
		return err
	}
	etcdFaults(t, faulty, clientv3.Config{Endpoints: []string{p.addr()}, Username: "app", Password: "right"}).
		provoke("no permission", sign{method: "Get", class: resil.Application, attempts: 1, text: "permission denied"}, get)
	etcdFaults(t, faulty, clientv3.Config{Endpoints: []string{p.addr()}}).
		provoke("no login", sign{method: "Get", class: resil.Application, attempts: 1, text: "user name is empty"}, get)
}

func second[T any](_ T, err error) error { return err }

// Of two members one alone elects no leader.
func TestEtcdWithoutLeader(t *testing.T) {
	members := startEtcd(t, 2)
	kv := etcdFaults(t, newTable(t), clientv3.Config{Endpoints: []string{members[0].addr()}})
	get := func(kv *etcdrecipe.ResilientKV) error {
		_, err := kv.Get(clientv3.WithRequireLeader(t.Context()), "key")
		return err
	}
	gone := func() {
		members[1].kill()
		eventually(t, func(ctx context.Context) error {
			c, end := kv.guard(usual, "open=30s")
			defer end()
			if err := get(c); err == nil || !strings.Contains(err.Error(), "no leader") {
				return fmt.Errorf("the leader is still there: %v", err)
			}
			return nil
		})
	}
	kv.outage(usual, gone, members[1].restart, get)
	gone()
	kv.provoke("no leader", sign{method: "Get", class: resil.Infrastructure, attempts: 3, text: "no leader"}, get)
	kv.provoke("no leader, a write", sign{method: "Put", class: resil.Infrastructure, attempts: 1, text: "deadline exceeded"}, func(kv *etcdrecipe.ResilientKV) error {
		_, err := kv.Put(t.Context(), "key", "value")
		return err
	})
}
