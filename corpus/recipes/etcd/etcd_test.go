package etcd

import (
	"context"
	"errors"
	"net"
	"testing"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

// A kv is a server of etcd all of whose answers are an error.
type kv struct {
	etcdserverpb.UnimplementedKVServer
	err error
}

func (s kv) Range(context.Context, *etcdserverpb.RangeRequest) (*etcdserverpb.RangeResponse, error) {
	return &etcdserverpb.RangeResponse{}, s.err
}

func (s kv) Put(context.Context, *etcdserverpb.PutRequest) (*etcdserverpb.PutResponse, error) {
	return &etcdserverpb.PutResponse{}, s.err
}

// serve starts a server, and returns a client of it that does not repeat by itself.
func serve(t *testing.T, err error) (*clientv3.Client, *grpc.Server) {
	t.Helper()
	l, problem := net.Listen("tcp", "127.0.0.1:0")
	if problem != nil {
		t.Fatal(problem)
	}
	server := grpc.NewServer()
	etcdserverpb.RegisterKVServer(server, kv{err: err})
	go server.Serve(l)
	t.Cleanup(server.Stop)
	client, problem := clientv3.New(clientv3.Config{Endpoints: []string{l.Addr().String()}, MaxUnaryRetries: 1})
	if problem != nil {
		t.Fatal(problem)
	}
	t.Cleanup(func() { client.Close() })
	return client, server
}

// put returns the error of a Put.
func put(t *testing.T, k KV, value string) error {
	t.Helper()
	_, err := k.Put(t.Context(), "key", value)
	return err
}

func TestVerdicts(t *testing.T) {
	answer, failure := resil.Verdict{Class: resil.Application}, resil.Verdict{Class: resil.Infrastructure}
	system, throttled := resil.Verdict{Class: resil.SystemFault}, resil.Verdict{Class: resil.Throttled}
	from := func(err error) error {
		client, _ := serve(t, err)
		return put(t, client, "value")
	}
	healthy, _ := serve(t, nil)
	closed, _ := serve(t, nil)
	closed.Close()
	verdicttest.Errors(t, classifyKVEtcd, []verdicttest.Case{
		{Name: "no leader", Err: from(rpctypes.ErrGRPCNoLeader), Want: failure},
		{Name: "leader changed", Err: from(rpctypes.ErrGRPCLeaderChanged), Want: failure},
		{Name: "stopped", Err: from(rpctypes.ErrGRPCStopped), Want: failure},
		{Name: "timeout", Err: from(rpctypes.ErrGRPCTimeout), Want: failure},
		{Name: "timeout after a lost connection", Err: from(rpctypes.ErrGRPCTimeoutDueToConnectionLost), Want: failure},
		{Name: "unhealthy", Err: from(rpctypes.ErrGRPCUnhealthy), Want: failure},
		{Name: "timeout of etcd 3.4", Err: from(status.Error(codes.Unknown, "context deadline exceeded")), Want: failure, Better: true},
		{Name: "too many requests", Err: from(rpctypes.ErrGRPCRequestTooManyRequests), Want: throttled},
		{Name: "no space", Err: from(rpctypes.ErrGRPCNoSpace), Want: system},
		{Name: "corrupt", Err: from(rpctypes.ErrGRPCCorrupt), Want: system},
		{Name: "compacted", Err: from(rpctypes.ErrGRPCCompacted), Want: answer},
		{Name: "no key", Err: from(rpctypes.ErrGRPCEmptyKey), Want: answer},
		{Name: "too large for the server", Err: from(rpctypes.ErrGRPCRequestTooLarge), Want: answer},
		{Name: "lease not found", Err: from(rpctypes.ErrGRPCLeaseNotFound), Want: answer},
		{Name: "permission denied", Err: from(rpctypes.ErrGRPCPermissionDenied), Want: answer},
		{Name: "invalid token", Err: from(rpctypes.ErrGRPCInvalidAuthToken), Want: answer},
		{Name: "declared", Err: rpctypes.ErrNoLeader, Want: failure},

		{Name: "a status that is none of etcd's", Err: from(status.Error(codes.Internal, "text")), Want: failure},
		{Name: "too large for the client", Err: put(t, healthy, string(make([]byte, 3<<20))), Want: answer, Better: true},
		{Name: "own connection closed", Err: put(t, closed, "value"), Want: system, Better: true},
		{Name: "deadline of the caller", Err: context.DeadlineExceeded, Network: resil.Infrastructure},
		{Name: "no error of etcd", Err: errors.New("text")},
	})
}

// The client waits for a server that is gone until the context ends.
func TestDeadServerOpensTheBreaker(t *testing.T) {
	client, server := serve(t, nil)
	server.Stop()
	guarded, err := NewResilientKV(client, resil.WithOverrides(resil.Overrides{
		"KV":     {"timeout": "attempt=20ms"},
		"KV.Get": {"retry": "initial=1ms max=2ms"},
	}))
	if err != nil {
		t.Fatal(err)
	}
	verdicttest.Dead(t, guarded.Resilience(), "Get", func() error {
		_, err := guarded.Get(t.Context(), "key")
		return err
	})
}

func TestAnswersAreNotRepeated(t *testing.T) {
	client, _ := serve(t, rpctypes.ErrGRPCCompacted)
	guarded, err := NewResilientKV(client)
	if err != nil {
		t.Fatal(err)
	}
	verdicttest.Answers(t, guarded.Resilience(), "Get", func() error {
		_, err := guarded.Get(t.Context(), "key")
		return err
	})
}
