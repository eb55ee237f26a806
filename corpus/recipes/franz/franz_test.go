package franz

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

// newClient returns a client that asks once for each call.
func newClient(t *testing.T, address string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(append(opts, kgo.SeedBrokers(address), kgo.RequestRetries(0))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func TestVerdicts(t *testing.T) {
	answer, failure := resil.Verdict{Class: resil.Application}, resil.Verdict{Class: resil.Infrastructure}
	throttled, system := resil.Verdict{Class: resil.Throttled}, resil.Verdict{Class: resil.SystemFault}

	// A broker that hangs up, as one does that wants TLS or a login.
	hangsUp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer hangsUp.Close()
	go func() {
		for {
			conn, err := hangsUp.Accept()
			if err != nil {
				return
			}
			io.CopyN(io.Discard, conn, 4) // else it would reset the connection
			conn.(*net.TCPConn).CloseWrite()
			io.Copy(io.Discard, conn)
			conn.Close()
		}
	}()
	ping := newClient(t, hangsUp.Addr().String()).Ping(t.Context())
	if !errors.As(ping, new(*kgo.ErrFirstReadEOF)) {
		t.Errorf("the error of a broker that hangs up is %v", ping)
	}

	full := newClient(t, "127.0.0.1:1", kgo.MaxBufferedRecords(1), kgo.ManualFlushing())
	full.TryProduce(t.Context(), &kgo.Record{Topic: "t"}, nil)
	var buffered error
	full.TryProduce(t.Context(), &kgo.Record{Topic: "t"}, func(_ *kgo.Record, err error) { buffered = err })

	closed := newClient(t, "127.0.0.1:1")
	closed.Close()

	verdicttest.Errors(t, classifyTopicsFranz, []verdicttest.Case{
		{Name: "leader elsewhere", Err: kerr.NotLeaderForPartition, Want: failure},
		{Name: "broker not there", Err: kerr.BrokerNotAvailable, Want: failure},
		{Name: "coordinator not there", Err: kerr.CoordinatorNotAvailable, Want: failure},
		{Name: "timeout of the broker", Err: kerr.RequestTimedOut, Want: failure},
		{Name: "too few replicas", Err: kerr.NotEnoughReplicas, Want: failure},
		{Name: "quota", Err: kerr.ThrottlingQuotaExceeded, Want: throttled},
		{Name: "topic not known yet", Err: kerr.UnknownTopicOrPartition, Want: throttled},
		{Name: "login", Err: kerr.SaslAuthenticationFailed, Want: system},
		{Name: "cluster not allowed", Err: &kadm.AuthError{Err: kerr.ClusterAuthorizationFailed}, Want: system},
		{Name: "topic not allowed", Err: &kadm.AuthError{Err: kerr.TopicAuthorizationFailed}, Want: answer},
		{Name: "topic exists", Err: kerr.TopicAlreadyExists, Want: answer},
		{Name: "record too large", Err: kerr.MessageTooLarge, Want: answer},
		{Name: "one of several shards", Err: &kadm.ShardErrors{Name: "ListOffsets", Errs: []kadm.ShardError{{Err: kerr.NotController}}}, Want: failure},
		{Name: "with a message", Err: &kadm.ErrAndMessage{Err: kerr.PolicyViolation, ErrMessage: "text"}, Want: answer},
		{Name: "unknown to the broker", Err: kerr.UnknownServerError},

		{Name: "record timed out", Err: kgo.ErrRecordTimeout, Want: failure},
		{Name: "record repeated too often", Err: kgo.ErrRecordRetries, Want: failure},
		{Name: "too many records", Err: buffered, Want: resil.Verdict{Class: resil.Throttled, Unsent: true}},
		{Name: "closed", Err: closed.Ping(t.Context()), Want: system},
		{Name: "broker hangs up", Err: ping, Want: system, Better: true},
		{Name: "refused", Err: newClient(t, "127.0.0.1:1").Ping(t.Context()), Network: resil.Infrastructure},
		{Name: "no error of Kafka", Err: errors.New("text")},
	})
	for code := int16(1); code < 140; code++ {
		if e := kerr.TypedErrorForCode(code); e != nil && e != kerr.UnknownServerError {
			if class := classifyTopicsFranz(e).Class; e.Retriable && class != resil.Infrastructure && class != resil.Throttled {
				t.Errorf("%v is %v, but Kafka calls it retriable", e, class)
			}
		}
	}
	verdicttest.TypedNil(t, classifyTopicsFranz, kerr.TypedErrorForCode(0))
}

func TestDeadClusterOpensTheBreaker(t *testing.T) {
	client, err := NewResilientTopics(kadm.NewClient(newClient(t, "127.0.0.1:1")), verdicttest.Quick("Topics"))
	if err != nil {
		t.Fatal(err)
	}
	verdicttest.Dead(t, client.Resilience(), "ListTopics", func() error {
		_, err := client.ListTopics(t.Context())
		return err
	})
}

// refusing is a cluster that allows nothing.
type refusing struct{ Topics }

func (refusing) ListTopics(context.Context, ...string) (kadm.TopicDetails, error) {
	return nil, fmt.Errorf("unable to list: %w", &kadm.AuthError{Err: kerr.TopicAuthorizationFailed})
}

func TestAnswersAreNotRepeated(t *testing.T) {
	client, err := NewResilientTopics(refusing{})
	if err != nil {
		t.Fatal(err)
	}
	verdicttest.Answers(t, client.Resilience(), "ListTopics", func() error {
		_, err := client.ListTopics(t.Context())
		return err
	})
}

func TestClientRepeatsAsTheRecipeSays(t *testing.T) {
	verdicttest.Attempts(t, "franz", func(stopped bool) int {
		dials := 0
		opts := []kgo.Opt{
			kgo.SeedBrokers("127.0.0.1:1"),
			kgo.RetryBackoffFn(func(int) time.Duration { return 0 }),
			kgo.Dialer(func(context.Context, string, string) (net.Conn, error) {
				dials++
				return nil, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ETIMEDOUT)}
			}),
		}
		if stopped {
			opts = append(opts, kgo.RequestRetries(0))
		}
		client, err := kgo.NewClient(opts...)
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		if _, err := client.Request(t.Context(), kmsg.NewPtrApiVersionsRequest()); err == nil {
			t.Error("a call of a dead cluster succeeded")
		}
		return dials / 2 // for each call it dials once more at once
	})
}
