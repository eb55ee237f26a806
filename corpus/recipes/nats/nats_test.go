package nats

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

var (
	answer    = resil.Verdict{Class: resil.Application}
	failure   = resil.Verdict{Class: resil.Infrastructure}
	throttled = resil.Verdict{Class: resil.Throttled}
	system    = resil.Verdict{Class: resil.SystemFault}
	nobody    = resil.Verdict{Class: resil.Infrastructure, Unsent: true}
)

func TestVerdicts(t *testing.T) {
	api := func(code int, number jetstream.ErrorCode) error {
		return &jetstream.APIError{Code: code, ErrorCode: number, Description: "text"}
	}
	verdicttest.Errors(t, classifyRequesterNATS, []verdicttest.Case{
		{Name: "nobody answers", Err: nats.ErrNoResponders, Want: nobody},
		{Name: "no stream answers", Err: jetstream.ErrNoStreamResponse, Want: nobody},
		{Name: "no stream answers, old", Err: nats.ErrNoStreamResponse, Want: nobody},
		{Name: "buffer full", Err: nats.ErrReconnectBufExceeded, Want: resil.Verdict{Class: resil.Throttled, Unsent: true}},

		{Name: "timeout", Err: nats.ErrTimeout, Want: failure},
		{Name: "disconnected", Err: nats.ErrDisconnected, Want: failure},
		{Name: "no servers", Err: nats.ErrNoServers, Want: failure},
		{Name: "stale", Err: nats.ErrStaleConnection, Want: failure},
		{Name: "reconnecting", Err: nats.ErrConnectionReconnecting, Want: failure},
		{Name: "no greeting", Err: nats.ErrNoInfoReceived, Want: failure},
		{Name: "no heartbeat", Err: jetstream.ErrNoHeartbeat, Want: failure},
		{Name: "another leader", Err: jetstream.ErrConsumerLeadershipChanged, Want: failure},
		{Name: "server shuts down", Err: jetstream.ErrServerShutdown, Want: failure},
		{Name: "no acknowledgement", Err: jetstream.ErrAsyncPublishTimeout, Want: failure},
		{Name: "acknowledgement that makes no sense", Err: jetstream.ErrInvalidJSAck, Want: failure},
		{Name: "answer that makes no sense", Err: jetstream.ErrInvalidJetStreamResponse, Want: failure},

		{Name: "slow consumer", Err: nats.ErrSlowConsumer, Want: throttled},
		{Name: "too many connections", Err: nats.ErrMaxConnectionsExceeded, Want: throttled},
		{Name: "too many connections of the account", Err: nats.ErrMaxAccountConnectionsExceeded, Want: throttled},
		{Name: "too many subscriptions", Err: nats.ErrMaxSubscriptionsExceeded, Want: throttled},
		{Name: "too many messages on their way", Err: jetstream.ErrTooManyStalledMsgs, Want: throttled},

		{Name: "closed", Err: nats.ErrConnectionClosed, Want: system},
		{Name: "draining", Err: nats.ErrConnectionDraining, Want: system},
		{Name: "no connection", Err: nats.ErrInvalidConnection, Want: system},
		{Name: "authorization", Err: nats.ErrAuthorization, Want: system},
		{Name: "login expired", Err: nats.ErrAuthExpired, Want: system},
		{Name: "login revoked", Err: nats.ErrAuthRevoked, Want: system},
		{Name: "login of the account expired", Err: nats.ErrAccountAuthExpired, Want: system},
		{Name: "permissions", Err: fmt.Errorf("%w: no", nats.ErrPermissionViolation), Want: system},
		{Name: "TLS required", Err: nats.ErrSecureConnRequired, Want: system},
		{Name: "TLS missing", Err: nats.ErrSecureConnWanted, Want: system},
		{Name: "publisher closed", Err: jetstream.ErrJetStreamPublisherClosed, Want: system},
		{Name: "JetStream off", Err: jetstream.ErrJetStreamNotEnabled, Want: system},
		{Name: "JetStream off for the account", Err: jetstream.ErrJetStreamNotEnabledForAccount, Want: system},

		{Name: "unavailable for now", Err: api(503, 10008), Want: failure},
		{Name: "stream offline", Err: api(500, 10118), Want: failure},
		{Name: "timeout of the server", Err: api(408, 0), Want: failure},
		{Name: "unavailable for now, old", Err: &nats.APIError{Code: 503, ErrorCode: 10008}, Want: failure},
		{Name: "too many requests", Err: api(429, 10167), Want: throttled},
		{Name: "out of resources", Err: api(503, 10023), Want: throttled},
		{Name: "out of memory", Err: api(500, 10028), Want: throttled},
		{Name: "out of storage", Err: api(500, 10047), Want: throttled},
		{Name: "the same message is being stored", Err: api(409, 10158), Want: throttled},
		{Name: "consumer that cannot be", Err: jetstream.ErrConsumerCreate, Want: answer},
		{Name: "stream that cannot be", Err: api(500, 10052), Want: answer},
		{Name: "stream not found", Err: jetstream.ErrStreamNotFound, Want: answer},
		{Name: "wrong last sequence", Err: fmt.Errorf("nats: %w", api(400, jetstream.JSErrCodeStreamWrongLastSequence)), Want: answer},

		{Name: "key not found", Err: jetstream.ErrKeyNotFound, Want: answer},
		{Name: "key not found, old", Err: nats.ErrKeyNotFound, Want: answer},
		{Name: "bucket not found", Err: nats.ErrBucketNotFound, Want: answer},
		{Name: "key exists", Err: jetstream.ErrKeyExists, Want: answer},
		{Name: "revision mismatch", Err: jetstream.ErrKeyRevisionMismatch, Want: answer},
		{Name: "no messages", Err: jetstream.ErrNoMessages, Want: answer},
		{Name: "too large", Err: nats.ErrMaxPayload, Want: answer},
		{Name: "wrong subject", Err: nats.ErrBadSubject, Want: answer},
		{Name: "no error of NATS", Err: errors.New("text")},
	})
	verdicttest.TypedNil(t, classifyRequesterNATS, (*nats.APIError)(nil))
}

// serve runs a server with JetStream and returns a connection to it.
func serve(t *testing.T, opts ...nats.Option) (*nats.Conn, *server.Server) {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(30 * time.Second) {
		t.Fatal("the server does not start")
	}
	conn, err := nats.Connect(s.ClientURL(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn, s
}

// settings returns a bucket of the server.
func settings(t *testing.T, conn *nats.Conn) jetstream.KeyValue {
	t.Helper()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	bucket, err := js.CreateKeyValue(t.Context(), jetstream.KeyValueConfig{Bucket: "settings", Storage: jetstream.MemoryStorage})
	if err != nil {
		t.Fatal(err)
	}
	return bucket
}

func TestVerdictsOfAServer(t *testing.T) {
	conn, s := serve(t, nats.NoReconnect())
	bucket := settings(t, conn)
	_, notFound := bucket.Get(t.Context(), "missing")
	if _, err := bucket.Create(t.Context(), "key", nil); err != nil {
		t.Fatal(err)
	}
	_, exists := bucket.Create(t.Context(), "key", nil)
	_, mismatch := bucket.Update(t.Context(), "key", nil, 99)
	request := func() error {
		_, err := conn.RequestMsgWithContext(t.Context(), nats.NewMsg("subject"))
		return err
	}
	none := request()
	closed := make(chan struct{})
	conn.SetClosedHandler(func(*nats.Conn) { close(closed) })
	s.Shutdown()
	<-closed
	verdicttest.Errors(t, classifyRequesterNATS, []verdicttest.Case{
		{Name: "key not found", Err: notFound, Want: answer},
		{Name: "key exists", Err: exists, Want: answer},
		{Name: "another revision", Err: mismatch, Want: answer},
		{Name: "nobody answers", Err: none, Want: nobody},
		{Name: "closed", Err: request(), Want: system},
	})
}

// What nobody was there to answer is asked again, and nothing else.
func TestUnansweredRequestsAreRepeated(t *testing.T) {
	conn, _ := serve(t)
	client, err := NewResilientRequester(conn, verdicttest.Quick("Requester.RequestMsgWithContext"))
	if err != nil {
		t.Fatal(err)
	}
	verdicttest.Dead(t, client.Resilience(), "RequestMsgWithContext", func() error {
		_, err := client.RequestMsgWithContext(t.Context(), nats.NewMsg("subject"))
		return err
	})
}

func TestAnswersAreNotRepeated(t *testing.T) {
	conn, _ := serve(t)
	client, err := NewResilientSettings(settings(t, conn))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Put(t.Context(), "key", []byte("value")); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Get(t.Context(), "key"); err != nil {
		t.Fatal(err)
	}
	next, err := NewResilientSettings(settings(t, conn))
	if err != nil {
		t.Fatal(err)
	}
	verdicttest.Answers(t, next.Resilience(), "Get", func() error {
		_, err := next.Get(t.Context(), "missing")
		return err
	})
}
