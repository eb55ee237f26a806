package sdk

// A code of a broker says more than the errors that sarama puts around it.
var saramaLibrary = &Library{
	Name:  "sarama",
	Ident: "Sarama",
	Title: "Kafka (sarama)",
	Tried: []string{"github.com/IBM/sarama@v1.61.1", "github.com/eapache/go-resiliency@v1.7.0"},
	Shown: []string{"github.com/IBM/sarama"},
	Glue: `
import (
	"errors"

	"github.com/IBM/sarama"
	"github.com/eapache/go-resiliency/breaker"
	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the errors of Kafka by their code, and those of sarama.
func classify(err error) resil.Verdict {
	var v resil.Verdict
	if several, ok := errors.AsType[sarama.ProducerErrors](err); ok { // which wraps none of them
		var each []error
		for _, e := range several {
			each = append(each, e.Err)
		}
		err = errors.Join(each...)
		v = resil.Network(err)
	}
	if e, ok := errors.AsType[sarama.KError](err); ok {
		return resil.KafkaCode(int16(e))
	}
	switch {
	case errors.Is(err, sarama.ErrOutOfBrokers), errors.Is(err, sarama.ErrNotConnected), errors.Is(err, sarama.ErrBrokerNotFound),
		errors.Is(err, sarama.ErrControllerNotAvailable), errors.Is(err, sarama.ErrIncompleteResponse),
		errors.Is(err, sarama.ErrInsufficientData), errors.As(err, new(sarama.PacketDecodingError)):
		return resil.Verdict{Class: resil.Infrastructure}
	case errors.Is(err, breaker.ErrBreakerOpen): // sarama's own, for a topic
		return resil.Verdict{Class: resil.Throttled}
	case errors.Is(err, sarama.ErrClosedClient), errors.Is(err, sarama.ErrShuttingDown), errors.As(err, new(sarama.ConfigurationError)):
		return resil.Verdict{Class: resil.SystemFault}
	case errors.Is(err, sarama.ErrMessageTooLarge), errors.As(err, new(sarama.PacketEncodingError)):
		return resil.Verdict{Class: resil.Application}
	}
	return v
}
`,
	Safe: []string{
		"Controller", "Coordinator", "Partitions", "Topics", "Leader", "LeaderAndEpoch", "Replicas", "InSyncReplicas",
		"RefreshMetadata", "RefreshBrokers", "RefreshController", "RefreshCoordinator", "AlterConsumerGroupOffsets",
	},
	Retries: Retries{Attempts: 4, Switch: "config.Producer.Retry.Max = 0"},
	Notes: []string{
		"The methods take no context, and their timeouts are those of the configuration: name the methods in methods=.",
		"The admin client repeats by itself too, five times: config.Admin.Retry.Max = 0 stops that.",
		"A message that is sent again is written again: Producer.Idempotent covers only the client's own retries.",
		"After three failures to find the partitions of a topic, sarama refuses messages for it for ten seconds.",
		"AsyncProducer and consumers answer by channels, which are not guarded.",
	},
}
