package kafka

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/metadata"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

func TestVerdicts(t *testing.T) {
	answer, failure := resil.Verdict{Class: resil.Application}, resil.Verdict{Class: resil.Infrastructure}
	throttled, system := resil.Verdict{Class: resil.Throttled}, resil.Verdict{Class: resil.SystemFault}
	verdicttest.Errors(t, classifyWriterKafka, []verdicttest.Case{
		{Name: "leader elsewhere", Err: kafka.NotLeaderForPartition, Want: failure},
		{Name: "broker not there", Err: kafka.BrokerNotAvailable, Want: failure},
		{Name: "timeout of the broker", Err: kafka.RequestTimedOut, Want: failure},
		{Name: "too few replicas", Err: kafka.NotEnoughReplicas, Want: failure},
		{Name: "quota", Err: kafka.ThrottlingQuotaExceeded, Want: throttled, Better: true},
		{Name: "topic not known yet", Err: kafka.UnknownTopicOrPartition, Want: throttled, Better: true},
		{Name: "login", Err: kafka.SASLAuthenticationFailed, Want: system},
		{Name: "topic not allowed", Err: kafka.TopicAuthorizationFailed, Want: answer},
		{Name: "message too large", Err: kafka.MessageTooLargeError{}, Want: answer},
		{Name: "nothing to reassign, which kafka-go calls temporary", Err: kafka.NoReassignmentInProgress, Want: answer, Better: true},
		{Name: "unknown to the broker", Err: kafka.Unknown},

		{Name: "generation ended", Err: kafka.ErrGenerationEnded, Want: throttled},
		{Name: "group closed", Err: kafka.ErrGroupClosed, Want: system},

		{Name: "several messages", Err: kafka.WriteErrors{nil, kafka.LeaderNotAvailable}, Want: failure},
		{Name: "several messages, lost connection", Err: kafka.WriteErrors{&net.OpError{Op: "read", Err: io.EOF}, nil}, Want: failure},
		{Name: "several messages, nobody knows", Err: kafka.WriteErrors{errors.New("text")}},
		{Name: "no message", Err: kafka.WriteErrors{}},
		{Name: "lost connection", Err: io.ErrUnexpectedEOF, Network: resil.Infrastructure},
		{Name: "no error of Kafka", Err: errors.New("text")},
	})
}

func TestDeadBrokerOpensTheBreaker(t *testing.T) {
	next := &kafka.Writer{Addr: kafka.TCP("127.0.0.1:1"), Topic: "topic", MaxAttempts: 1, BatchSize: 1}
	defer next.Close()
	client, err := NewResilientWriter(next, verdicttest.Quick("Writer"))
	if err != nil {
		t.Fatal(err)
	}
	verdicttest.Dead(t, client.Resilience(), "WriteMessages", func() error {
		return client.WriteMessages(t.Context(), kafka.Message{Value: []byte("text")})
	})
}

type writerFunc func() error

func (f writerFunc) WriteMessages(context.Context, ...kafka.Message) error { return f() }

func TestAnswersAreNotRepeated(t *testing.T) {
	client, err := NewResilientWriter(writerFunc(func() error { return kafka.WriteErrors{kafka.MessageSizeTooLarge} }))
	if err != nil {
		t.Fatal(err)
	}
	verdicttest.Answers(t, client.Resilience(), "WriteMessages", func() error { return client.WriteMessages(t.Context()) })
}

// A brokenLeader is a cluster whose leader hangs up.
type brokenLeader struct{ produced atomic.Int64 }

func (b *brokenLeader) RoundTrip(_ context.Context, _ net.Addr, r kafka.Request) (kafka.Response, error) {
	if _, ok := r.(*metadata.Request); ok {
		return &metadata.Response{Topics: []metadata.ResponseTopic{{Name: "topic", Partitions: make([]metadata.ResponsePartition, 1)}}}, nil
	}
	b.produced.Add(1)
	return nil, io.ErrUnexpectedEOF
}

func TestWriterRepeatsAsTheRecipeSays(t *testing.T) {
	verdicttest.Attempts(t, "kafka", func(stopped bool) int {
		var cluster brokenLeader
		next := &kafka.Writer{
			Addr: kafka.TCP("127.0.0.1:1"), Topic: "topic", BatchSize: 1, Transport: &cluster,
			WriteBackoffMin: time.Millisecond, WriteBackoffMax: time.Millisecond,
		}
		if stopped {
			next.MaxAttempts = 1
		}
		defer next.Close()
		err := next.WriteMessages(t.Context(), kafka.Message{Value: []byte("text")})
		verdicttest.Errors(t, classifyWriterKafka, []verdicttest.Case{{Name: "leader hangs up", Err: err, Want: resil.Verdict{Class: resil.Infrastructure}}})
		return int(cluster.produced.Load())
	})
}
