package sarama

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/eapache/go-resiliency/breaker"

	"github.com/resilgen/resilgen/corpus/recipes/verdicttest"
	resil "github.com/resilgen/resilgen/runtime"
)

func TestVerdicts(t *testing.T) {
	answer, failure := resil.Verdict{Class: resil.Application}, resil.Verdict{Class: resil.Infrastructure}
	throttled, system := resil.Verdict{Class: resil.Throttled}, resil.Verdict{Class: resil.SystemFault}

	config := sarama.NewConfig()
	config.Metadata.Retry.Max = 0
	_, outOfBrokers := sarama.NewClient([]string{"127.0.0.1:1"}, config)
	if !errors.Is(outOfBrokers, sarama.ErrOutOfBrokers) {
		t.Errorf("the error of a dead cluster is %v", outOfBrokers)
	}
	config.ChannelBufferSize = -1
	_, wrong := sarama.NewClient([]string{"127.0.0.1:1"}, config)

	of := func(errs ...error) (several sarama.ProducerErrors) {
		for _, err := range errs {
			several = append(several, &sarama.ProducerError{Msg: &sarama.ProducerMessage{}, Err: err})
		}
		return several
	}
	verdicttest.Errors(t, classifyProducerSarama, []verdicttest.Case{
		{Name: "leader elsewhere", Err: sarama.ErrNotLeaderForPartition, Want: failure},
		{Name: "broker not there", Err: sarama.ErrBrokerNotAvailable, Want: failure},
		{Name: "too few replicas", Err: sarama.ErrNotEnoughReplicas, Want: failure},
		{Name: "quota", Err: sarama.ErrThrottlingQuotaExceeded, Want: throttled},
		{Name: "topic not known yet", Err: sarama.ErrUnknownTopicOrPartition, Want: throttled},
		{Name: "login", Err: sarama.ErrSASLAuthenticationFailed, Want: system},
		{Name: "topic not allowed", Err: sarama.ErrTopicAuthorizationFailed, Want: answer},
		{Name: "message too large", Err: &sarama.ProducerError{Err: sarama.ErrMessageSizeTooLarge}, Want: answer},
		{Name: "topic exists", Err: &sarama.TopicError{Err: sarama.ErrTopicAlreadyExists}, Want: answer},
		{Name: "unknown to the broker", Err: sarama.ErrUnknown},

		{Name: "out of brokers", Err: outOfBrokers, Want: failure},
		{Name: "out of brokers, which refuse the login", Err: sarama.Wrap(sarama.ErrOutOfBrokers, sarama.ErrSASLAuthenticationFailed), Want: system},
		{Name: "not connected", Err: sarama.ErrNotConnected, Want: failure},
		{Name: "broker not found", Err: sarama.ErrBrokerNotFound, Want: failure},
		{Name: "no controller", Err: sarama.ErrControllerNotAvailable, Want: failure},
		{Name: "answer without what was asked for", Err: sarama.ErrIncompleteResponse, Want: failure},
		{Name: "answer that was cut", Err: sarama.ErrInsufficientData, Want: failure},
		{Name: "answer that makes no sense", Err: sarama.PacketDecodingError{Info: "text"}, Want: failure},
		{Name: "refused by sarama's breaker", Err: breaker.ErrBreakerOpen, Want: throttled},
		{Name: "closed", Err: sarama.ErrClosedClient, Want: system},
		{Name: "shutting down", Err: sarama.ErrShuttingDown, Want: system},
		{Name: "wrong configuration", Err: wrong, Want: system},
		{Name: "request that cannot be written", Err: sarama.PacketEncodingError{Info: "text"}, Want: answer},
		{Name: "larger than the consumer wants", Err: sarama.ErrMessageTooLarge, Want: answer},

		{Name: "several messages", Err: of(sarama.ErrLeaderNotAvailable), Want: failure},
		{Name: "several messages, lost connection", Err: of(&net.OpError{Op: "read", Err: io.EOF}, io.EOF), Want: failure},
		{Name: "no message", Err: of()},
		{Name: "lost connection", Err: io.EOF, Network: resil.Infrastructure},
		{Name: "no error of Kafka", Err: errors.New("text")},
	})
}

// producer is one whose broker is dead, or which gets an answer.
type producer struct{ err error }

func (p producer) SendMessage(*sarama.ProducerMessage) (int32, int64, error) { return 0, 0, p.err }

func TestDeadBrokerIsAskedAgain(t *testing.T) {
	broker := sarama.NewMockBroker(t, 1)
	broker.SetHandlerByMap(map[string]sarama.MockResponse{
		"MetadataRequest": sarama.NewMockMetadataResponse(t).SetBroker(broker.Addr(), broker.BrokerID()).SetLeader("topic", 0, broker.BrokerID()),
	})
	config := sarama.NewConfig()
	config.ApiVersionsRequest = false
	config.Producer.Return.Successes = true
	config.Producer.Retry.Max, config.Metadata.Retry.Max = 0, 0
	next, err := sarama.NewSyncProducer([]string{broker.Addr()}, config)
	if err != nil {
		t.Fatal(err)
	}
	defer next.Close()
	broker.Close()
	client, err := NewResilientProducer(next, verdicttest.Quick("Producer.SendMessage"))
	if err != nil {
		t.Fatal(err)
	}
	for range 6 { // after some of them sarama's own breaker is open
		if _, _, err := client.SendMessage(&sarama.ProducerMessage{Topic: "topic", Value: sarama.StringEncoder("text")}); err == nil {
			t.Fatal("a message for a dead broker was sent")
		}
	}
	if m := client.Resilience().Stats().Method("SendMessage"); m.Retries == 0 || m.Infrastructure == 0 || m.Throttled == 0 || m.Unknown+m.Application > 0 {
		t.Errorf("a dead broker is not asked again, or its errors are not known: %+v", m)
	}
}

func TestDeadClusterOpensTheBreaker(t *testing.T) {
	client, err := NewResilientProducer(producer{sarama.ErrOutOfBrokers}, verdicttest.Quick("Producer.SendMessage"))
	if err != nil {
		t.Fatal(err)
	}
	for range 6 {
		_, _, err = client.SendMessage(nil)
	}
	if state := client.Resilience().Stats().Breaker("Producer[SendMessage]").State; state != resil.StateOpen || !errors.Is(err, resil.ErrOpen) {
		t.Errorf("the breaker is %v, and the last error is %v", state, err)
	}
}

func TestAnswersAreNotRepeated(t *testing.T) {
	client, err := NewResilientProducer(producer{sarama.ErrMessageSizeTooLarge})
	if err != nil {
		t.Fatal(err)
	}
	for range 12 {
		if _, _, err := client.SendMessage(nil); errors.Is(err, resil.ErrOpen) {
			t.Fatal("answers opened the breaker")
		}
	}
	if m := client.Resilience().Stats().Method("SendMessage"); m.Retries > 0 || m.Application != 12 {
		t.Errorf("the stats are %+v", m)
	}
}

func TestProducerRepeatsAsTheRecipeSays(t *testing.T) {
	verdicttest.Attempts(t, "sarama", func(stopped bool) (produced int) {
		broker := sarama.NewMockBroker(t, 1)
		defer broker.Close()
		broker.SetHandlerByMap(map[string]sarama.MockResponse{
			"MetadataRequest": sarama.NewMockMetadataResponse(t).SetBroker(broker.Addr(), broker.BrokerID()).SetLeader("topic", 0, broker.BrokerID()),
			"ProduceRequest":  sarama.NewMockProduceResponse(t).SetError("topic", 0, sarama.ErrNotEnoughReplicas).SetVersion(7),
		})
		config := sarama.NewConfig()
		config.ApiVersionsRequest = false
		config.Producer.Return.Successes = true
		config.Producer.Retry.Backoff = time.Millisecond
		if stopped {
			config.Producer.Retry.Max = 0
		}
		next, err := sarama.NewSyncProducer([]string{broker.Addr()}, config)
		if err != nil {
			t.Fatal(err)
		}
		defer next.Close()
		_, _, err = next.SendMessage(&sarama.ProducerMessage{Topic: "topic", Value: sarama.StringEncoder("text")})
		verdicttest.Errors(t, classifyProducerSarama, []verdicttest.Case{{Name: "too few replicas", Err: err, Want: resil.Verdict{Class: resil.Infrastructure}}})
		for _, r := range broker.History() {
			if _, ok := r.Request.(*sarama.ProduceRequest); ok {
				produced++
			}
		}
		return produced
	})
}
