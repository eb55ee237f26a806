package sdk

var kafkaLibrary = &Library{
	Name:  "kafka",
	Ident: "Kafka",
	Title: "Kafka (segmentio/kafka-go)",
	Tried: []string{"github.com/segmentio/kafka-go@v0.4.51"},
	Shown: []string{"github.com/segmentio/kafka-go/..."},
	Glue: `
import (
	"errors"

	kafka "github.com/segmentio/kafka-go"
	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the errors of Kafka by their code.
func classify(err error) resil.Verdict {
	var v resil.Verdict
	if each, ok := errors.AsType[kafka.WriteErrors](err); ok { // which wraps none of them
		err = errors.Join(each...)
		v = resil.Network(err)
	}
	if e, ok := errors.AsType[kafka.Error](err); ok {
		return resil.KafkaCode(int16(e))
	}
	switch {
	case errors.Is(err, kafka.ErrGenerationEnded):
		return resil.Verdict{Class: resil.Throttled}
	case errors.Is(err, kafka.ErrGroupClosed):
		return resil.Verdict{Class: resil.SystemFault}
	}
	return v
}
`,
	Safe: []string{
		"ApiVersions", "Metadata", "ConsumerOffsets", "OffsetFetch", "OffsetCommit", "OffsetDelete", "CommitMessages", "Heartbeat",
		"ElectLeaders", "AlterConfigs", "AlterClientQuotas", "AlterUserScramCredentials", "AlterPartitionReassignments",
	},
	Unsafe:  []string{"FetchMessage", "ReadMessage"}, // which take the next one
	Retries: Retries{Attempts: 10, Switch: "kafka.Writer{MaxAttempts: 1}"},
	Notes: []string{
		"WriteMessages can write some messages and fail for others: a second call writes all of them again.",
		"WriteMessages goes on writing when its context has ended: an attempt that timed out may still arrive, beside the next one.",
		"Where each message has an error of its own, the first code among them decides.",
		"ReadMessage and FetchMessage wait until there is a message: a timeout cuts them off, and io.EOF says that the reader was closed.",
		"Answers of the Client hold an error for each topic and partition beside the error of the call.",
	},
}
