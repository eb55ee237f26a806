package sdk

// The client makes an error of its own of a connection that ends with the first read, most
// often for a login or TLS that is missing, and does not repeat it.
var franzLibrary = &Library{
	Name:  "franz",
	Ident: "Franz",
	Title: "Kafka (franz-go)",
	Tried: []string{"github.com/twmb/franz-go@v1.22.3", "github.com/twmb/franz-go/pkg/kadm@v1.20.0"},
	Shown: []string{"github.com/twmb/franz-go/..."},
	Glue: `
import (
	"errors"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the errors of Kafka by their code, and those of franz-go.
func classify(err error) resil.Verdict {
	if e, ok := errors.AsType[*kerr.Error](err); ok && e != nil {
		return resil.KafkaCode(e.Code)
	}
	switch {
	case errors.Is(err, kgo.ErrRecordTimeout), errors.Is(err, kgo.ErrRecordRetries):
		return resil.Verdict{Class: resil.Infrastructure}
	case errors.Is(err, kgo.ErrMaxBuffered):
		return resil.Verdict{Class: resil.Throttled, Unsent: true}
	case errors.Is(err, kgo.ErrClientClosed), errors.As(err, new(*kgo.ErrFirstReadEOF)):
		return resil.Verdict{Class: resil.SystemFault}
	}
	return resil.Verdict{}
}
`,
	Safe: []string{
		"ApiVersions", "BrokerMetadata", "Metadata", "Lag", "OffsetForLeaderEpoch", "OffetForLeaderEpoch", "RequestCachedMetadata",
		"CommitOffsets*", "CommitAllOffsets*", "CommitRecords", "CommitMarkedOffsets", "CommitUncommittedOffsets",
		"AlterClientQuotas", "AlterUserSCRAMs", "AlterPartitionAssignments", "AlterShareGroupOffsets", "Alter*ReplicaLogDirs", "ElectLeaders", "RenewDelegationToken",
		"AlterTopicConfigsState", "AlterBrokerConfigsState",
	},
	Retries: Retries{Attempts: 21, Switch: "kgo.RequestRetries(0)"},
	Notes: []string{
		"The client repeats requests for 30 seconds and records without end by itself: give it kgo.RetryTimeout and kgo.RecordDeliveryTimeout, or a retry here multiplies them.",
		"ProduceSync and PollFetches return no error: it is in the results, and is not guarded. Guard a method of your own that returns FirstErr.",
		"The client's own producer writes a record once, however often it sends it; a record that is produced again is written again.",
		"Answers of kadm hold an error for each topic, partition and group beside the error of the call.",
	},
}
